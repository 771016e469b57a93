import { ownEngine } from '../../kernels/inference-engine.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { createRandom } from '../../kernels/random.ts';
import type { Tensor } from '../../kernels/tflite/model.ts';
import { parseModel } from '../../kernels/tflite/reader.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { monotonicNs, Sampler, timedBy } from '../model/measure/sampler.ts';
import type { LoadedPeer, Peer } from './peers/peer.ts';

/** Inputs on which results are compared before anything is timed. */
const CHECKS = 10;

export const OURS = 'Myrmex wasm';

/** Our engine as one of the contestants. */
export const ours: Peer = {
  name: OURS,
  load: async (bytes) => {
    const model = ownEngine('wasm').load(bytes, limits);
    return {
      run: (input) => {
        model.inputs[0]!.data.set(input);
        model.invoke();
        return model.outputs[0]!.data.slice() as Int8Array;
      },
      timed: timedBy(monotonicNs, model.invoke),
      close: model.close,
    };
  },
};

export interface ContestRow {
  readonly peer: string;
  /** Median of one inference; null where the model was refused. */
  readonly us: number | null;
  readonly refusal: string;
  /** Results equal to ours in every bit; null when one of the two is missing. */
  readonly identical: boolean | null;
}

/** A model, and how everybody did on it. */
export interface Contest {
  readonly model: string;
  readonly rows: readonly ContestRow[];
}

/**
 * Every contestant on every model that it takes. A round has one turn of each, model by model: what else goes on in a
 * computer, or on the one that a virtual machine shares, comes in phases of seconds, and a model that was measured
 * within one such phase would show that phase.
 */
export async function contest(
  models: readonly { readonly name: string; readonly bytes: Uint8Array }[],
  peers: readonly Peer[],
  rounds: number,
): Promise<Contest[]> {
  const fields = [];
  for (const { name, bytes } of models) fields.push({ name, entered: await enterAll(bytes, [ours, ...peers]) });
  for (let round = 0; round < rounds; round++)
    for (const { entered } of fields) for (const { sampler } of entered) sampler?.take();
  return fields.map(({ name, entered }) => {
    for (const { loaded } of entered) loaded?.close();
    const mine = entered[0]!.results;
    const rows = entered.map(({ peer, sampler, results, refusal }) => ({
      peer: peer.name,
      us: sampler === null ? null : sampler.quantileNs(0.5) / 1e3,
      refusal,
      identical: mine === '' || results === '' ? null : mine === results,
    }));
    return { model: name, rows };
  });
}

async function enterAll(bytes: Uint8Array, peers: readonly Peer[]) {
  const { tensors, inputs } = parseModel(bytes, limits).subgraph;
  const input = tensors[inputs[0]!]!;
  if (inputs.length !== 1 || input.type !== TensorType.int8)
    throw new Error('only models with one int8 input are compared');
  const entered = [];
  for (const peer of peers) entered.push({ peer, ...(await enter(peer, bytes, input)) });
  return entered.map((entry) => ({ ...entry, sampler: entry.loaded && new Sampler(entry.loaded.timed) }));
}

async function enter(
  peer: Peer,
  bytes: Uint8Array,
  input: Tensor,
): Promise<{ loaded: LoadedPeer | null; results: string; refusal: string }> {
  try {
    const loaded = await peer.load(bytes, { input: input.shape });
    const random = createRandom(0, 'contest');
    const elements = input.shape.reduce((product, size) => product * size, 1);
    const draw = (): Int8Array => Int8Array.from({ length: elements }, () => random.integer(256) - 128);
    const results = Array.from({ length: CHECKS }, () => loaded.run(draw()).join()).join(';');
    return { loaded, results, refusal: '' };
  } catch (error) {
    const refusal = error instanceof Error ? error.message : String(error);
    return { loaded: null, results: '', refusal: refusal.replace(/\s+/g, ' ').trim() };
  }
}
