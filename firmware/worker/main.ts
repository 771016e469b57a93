// Entry of the compute worker: builds the pipeline, waits for what earlier runs learned, then works until told to stop.
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { errorMessage } from '../errors.ts';
import { openNativeEngine } from '../io/native-engine.ts';
import type { SharedParameters } from '../pipeline/shared-expert.ts';
import { createPipeline, type Pipeline } from '../pipeline.ts';
import { countAllocations } from './count-allocations.ts';
import { createLoop } from './loop.ts';
import type { ComputeMessage, ComputeSettings, ComputeState } from './protocol.ts';
import { shareMemory } from './share-memory.ts';

/** A snapshot that does not fit is no reason to stand still: the labels on disk are learned again instead. */
const restore = (pipeline: Pipeline, { snapshot, journal }: ComputeState): string | null => {
  try {
    pipeline.restore(snapshot, journal);
    return null;
  } catch (error) {
    pipeline.restore(null, journal);
    return `the stored snapshot was not used (${errorMessage(error)}); ${journal.length} labels are learned again`;
  }
};

const shareOf = ({ size, parts, lineage }: SharedParameters) => {
  return { shape: { size, parts, lineage }, memory: shareMemory(size) };
};

const port = parentPort;
if (port === null) throw new Error('the compute worker must be started as a worker thread');
const settings = workerData as ComputeSettings;
const allocations = settings.countAllocations ? countAllocations() : null;
const post = (message: ComputeMessage): void => port.postMessage(message);

const native = settings.engine === 'native' ? openNativeEngine() : undefined;
const pipeline = createPipeline(settings.pipeline, native);
const shared = new SharedArrayBuffer(pipeline.snapshotBytes);
const { adapterParameters, arenaBytes } = pipeline;
const share = pipeline.shared === null ? null : shareOf(pipeline.shared);
post({ kind: 'built', adapterParameters, arenaBytes, snapshot: shared, share });

const [state] = (await once(port, 'message')) as [ComputeState];
post({ kind: 'restored', notice: restore(pipeline, state) });

const told = new Int32Array(settings.told);
const lettersWait: ComputeMessage = { kind: 'letters' };
const tell = (): void => {
  if (Atomics.exchange(told, 0, 1) === 0) post(lettersWait);
};
const snapshot = new Uint8Array(shared);
const now = (): number => performance.now();
const loop = createLoop({
  ...{ settings, pipeline, firstIndex: state.firstIndex, snapshot, tell, now },
  shared: share?.memory ?? null,
});
const before = allocations?.total() ?? 0;
const lostDecisions = loop();
const counted = (allocations?.total() ?? 0) - before;
post({ kind: 'stopped', fingerprint: pipeline.fingerprint, lostDecisions, allocations: counted });
// The port still listens and would keep the thread alive.
port.close();
