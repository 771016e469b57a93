import type { AdapterSet } from '../../kernels/interpreter.ts';
import { AdapterLearner } from '../../kernels/learning/adapter-learner.ts';
import { CrossEntropy } from '../../kernels/learning/cross-entropy.ts';
import { ExpertGains } from '../../kernels/learning/expert-gains.ts';
import { Fingerprint } from '../../kernels/learning/fingerprint.ts';
import { type Mixture, priorInFavourOfFirst } from '../../kernels/learning/mixture.ts';
import type { ReplayBuffer } from '../../kernels/learning/replay-buffer.ts';
import type { Random } from '../../kernels/random.ts';
import { writeInput } from './expert-panel.ts';
import type { LoadedModel } from './loaded-model.ts';
import { type ExpertName, expertNames, type PipelineOptions } from './options.ts';
import { SharedExpert } from './shared-expert.ts';

/** What it is wired to. */
export interface SharedSurroundings {
  /** Of this expert alone, with the A that the fleet shares. */
  readonly adapters: AdapterSet;
  /** What A was drawn from. */
  readonly adapterSeed: string;
  readonly replay: ReplayBuffer;
  readonly random: Random;
  /** Of `local`, that learns beside it. */
  readonly beside: AdapterLearner;
  readonly experts: readonly ExpertName[];
  readonly mixture: Mixture;
}

/** The shared expert of a classifier. It learns by the rules of `local`, but for what `shared` of the options says. */
export function createShared(
  { model: bytes, learning, shared }: PipelineOptions,
  { model, card, interpreter, chain, features }: LoadedModel,
  { adapters, adapterSeed, replay, random, beside, experts, mixture }: SharedSurroundings,
): SharedExpert {
  const replayed = new Float32Array(features.size);
  const present = (slot: number): void => {
    replay.read(slot, replayed);
    writeInput(interpreter, replayed);
  };
  const judged = { logits: interpreter.logits, classes: card.labels.length, labels: replay };
  const loss = new CrossEntropy({ ...judged, smoothing: learning.labelSmoothing });
  // Nothing holds it where this node alone once stood: what others learned since must be able to move it.
  const how = { ...learning, ...shared, lambda: 0 };
  const given = { model, interpreter, adapters, chain, loss, replay, present, random, beside };
  const learner = new AdapterLearner({ ...given, learning: how });
  const lineage = new Fingerprint();
  lineage.addBytes(bytes);
  for (const text of [adapterSeed, expertNames.join()]) lineage.addBytes(new TextEncoder().encode(text));
  for (const number of [learning.rank, ...chain, ...learner.parameters.map(({ length }) => length)]) {
    lineage.add(number);
  }
  lineage.addFloat(learning.scaling);
  const own = new CrossEntropy({ ...judged, smoothing: 0 });
  // Nodes with other experts may share all the same: every expert has its place.
  const gains = new ExpertGains(expertNames.slice(1).map((name) => experts.indexOf(name)));
  const judging = { gains, mixture, prior: priorInFavourOfFirst(experts.length, learning.frozenAdvantage) };
  return new SharedExpert({ learner, adapters, replay, random, loss: own, lineage: lineage.text, ...judging });
}
