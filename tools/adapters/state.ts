import { resolveSettings } from '../../firmware/cli-settings.ts';
import { planCompute } from '../../firmware/compute-plan.ts';
import { openStore, type Store } from '../../firmware/io/store.ts';
import { type Adaptation, createPipeline, type Pipeline } from '../../firmware/pipeline.ts';
import { CommandError } from '../errors.ts';
import { adaptationOf } from './adapter-file.ts';

/** Which gateway's adapters are meant. */
export interface StateFlags {
  readonly config?: string;
  readonly state?: string;
  readonly model?: string;
}

/** What a stopped gateway has learned, opened. */
export interface OpenedState {
  readonly adaptation: Adaptation;
  /** Writes it back. */
  save(): Promise<void>;
}

/**
 * Builds the pipeline that the gateway would run, with what lies in its state, and hands its adapters over.
 *
 * @throws CommandError `noAdapters`; NodeError when the state, the configuration or the model cannot be used
 */
export async function withState<T>(flags: StateFlags, work: (state: OpenedState) => Promise<T>): Promise<T> {
  if (flags.config === undefined && flags.state === undefined) {
    throw new CommandError(
      'badFlags',
      'which gateway? name its configuration with --config, or --state and --model',
      2,
    );
  }
  const settings = await resolveSettings(flags, process.env);
  const say = (text: string): void => void process.stderr.write(`myrmexctl: ${text}\n`);
  const plan = planCompute(settings.configuration, settings.model.bytes, say);
  const store = await openStore(settings.state, { model: plan.hash, notice: say });
  try {
    const pipeline = createPipeline(plan.pipeline);
    const { snapshot, journal } = await store.load();
    pipeline.restore(snapshot, journal);
    return await work({ adaptation: adaptationOf(pipeline), save: () => save(pipeline, store) });
  } finally {
    await store.close();
  }
}

async function save(pipeline: Pipeline, store: Store): Promise<void> {
  const bytes = new Uint8Array(pipeline.snapshotBytes);
  pipeline.snapshot(bytes);
  await store.putSnapshot(bytes);
}
