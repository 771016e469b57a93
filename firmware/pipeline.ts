import { ModelError } from '../kernels/errors.ts';
import type { InferenceEngine } from '../kernels/inference-engine.ts';
import { Fingerprint } from '../kernels/learning/fingerprint.ts';
import { replayBytes } from '../kernels/learning/replay-memory.ts';
import type { ModelCard } from '../protocols/model-card.ts';
import type { JournalEntry } from './journal.ts';
import { assemble, type PipelineParts } from './pipeline/assemble.ts';
import type { Adaptation, Decision, Pipeline, ReplayMemory, WindowInput } from './pipeline/contract.ts';
import type { GivenPart } from './pipeline/given-part.ts';
import type { Observation, StepCounts } from './pipeline/label-learning.ts';
import { type LoadedModel, loadModel } from './pipeline/loaded-model.ts';
import { checkPipelineOptions, type ExpertName, type PipelineOptions } from './pipeline/options.ts';
import type { SharedParameters } from './pipeline/shared-expert.ts';

export type { Adaptation, Decision, Pipeline, ReplayMemory, WindowInput } from './pipeline/contract.ts';
export type { Observation } from './pipeline/label-learning.ts';
export {
  defaultPipelineOptions,
  type ExpertName,
  expertNames,
  expertsFor,
  ownExpertNames,
  type PipelineOptions,
} from './pipeline/options.ts';
export type { SharedParameters } from './pipeline/shared-expert.ts';

/**
 * @param engine decides instead of our interpreter; for the frozen expert alone
 * @throws ModelError when the model or its card cannot be used; RangeError when an option is out of its range.
 */
export function createPipeline(options: PipelineOptions, engine?: InferenceEngine): Pipeline {
  checkPipelineOptions(options);
  if (engine !== undefined && options.experts.some((name) => name !== 'frozen')) {
    throw new RangeError(`the engine "${engine.name}" cannot host adapters: choose the expert frozen alone`);
  }
  const { pool, learning, model, limits } = options;
  const learnA = pool.adaptersMax === 1 || pool.learnsA ? learning.learnA : 0;
  const own = { ...options, learning: { ...learning, learnA } };
  return new NodePipeline(own, loadModel(model, limits, engine, own.learning));
}

class NodePipeline implements Pipeline {
  private readonly parts: PipelineParts;
  private readonly features: Float32Array;
  private readonly normalised: Float32Array;
  private readonly decision: Decision;
  private readonly decided = new Fingerprint();

  constructor(
    options: PipelineOptions,
    private readonly loaded: LoadedModel,
  ) {
    this.parts = assemble(options, loaded);
    this.features = new Float32Array(loaded.features.size);
    this.normalised = new Float32Array(loaded.features.size);
    const { panel, experts, head } = this.parts;
    this.decision = {
      index: -1,
      valid: false,
      label: -1,
      confidence: 0,
      rawConfidence: 0,
      probabilities: new Float32Array(head.classes),
      values: new Float32Array(head.values),
      expertValues: panel.values,
      expertLabels: panel.labels,
      expertConfidences: panel.confidences,
      weights: new Float32Array(experts.length),
      drift: 0,
      thresholds: new Float64Array(head.thresholds.length),
      guard: null,
      rise: 0,
      episodes: this.parts.episodes,
      labelValue: 0,
      adapter: 0,
    };
  }

  get card(): ModelCard {
    return this.loaded.card;
  }

  get experts(): readonly ExpertName[] {
    return this.parts.experts;
  }

  get featureCount(): number {
    return this.loaded.features.size;
  }

  get replayMemory(): ReplayMemory {
    const { replay } = this.parts;
    const { slots, capacity: windows, featureCount } = replay;
    return { bytes: replayBytes(slots, featureCount), windows, factoryWindows: slots - windows };
  }

  get adapterParameters(): number {
    return this.parts.adapterParameters;
  }

  get adaptation(): Adaptation | null {
    const { pool, choice, adapters, adapterSeed, learnsA } = this.parts;
    if (pool === null || adapters === null) return null;
    return { pool, choice, adapters, seed: adapterSeed, learnsA, ...this.loaded };
  }

  get shared(): SharedParameters | null {
    return this.parts.shared;
  }

  get given(): GivenPart | null {
    return this.parts.given;
  }

  get labels(): number {
    return this.parts.learning.labels;
  }

  get arenaBytes(): number {
    return this.loaded.interpreter.arenaBytes;
  }

  decide({ samples, index, valid }: WindowInput): Decision {
    const { decision } = this;
    decision.valid = this.extract(samples) && valid;
    decision.index = index;
    if (decision.valid) this.judge(index);
    else this.abstain();
    this.record();
    return decision;
  }

  probe(samples: Float32Array): Decision {
    const { decision } = this;
    decision.valid = this.extract(samples);
    decision.index = -1;
    if (decision.valid) this.consult(decision.index);
    else this.abstain();
    return decision;
  }

  /** Fills `features` and `normalised`; false when they hold what is no number. */
  private extract(samples: Float32Array): boolean {
    const { card, loaded } = this;
    if (samples.length !== card.channels.length * card.window) {
      throw new ModelError(
        'modelMismatch',
        `the window has ${samples.length} samples, the model needs ${card.channels.length} channels × ${card.window}`,
      );
    }
    this.decision.weights.set(this.parts.mixture.weights);
    loaded.features.extract(samples, this.features);
    if (!allFinite(this.features)) return false;
    loaded.normaliser.apply(this.features, this.normalised);
    return true;
  }

  keep(index: number): void {
    this.parts.pending.keep(index);
  }

  observe(index: number, label: number, correction = false): Observation {
    const observation = this.parts.learning.observe(index, label, correction);
    if (observation.result === 'learned') {
      this.parts.unlabelled?.labelled(index, label, observation);
      this.loaded.normaliser.apply(observation.features, this.normalised);
      this.parts.value.learned(this.normalised);
    }
    return observation;
  }

  get owed(): number {
    return this.parts.learning.owed + (this.parts.unlabelled?.owed ?? 0);
  }

  step(): void {
    const { learning, unlabelled } = this.parts;
    if (learning.owed > 0) learning.step();
    else unlabelled?.step();
  }

  advance(): void {
    const { learning, unlabelled } = this.parts;
    if (learning.owed > 0) learning.advance();
    else unlabelled?.advance();
  }

  get steps(): StepCounts {
    return (this.parts.unlabelled ?? this.parts.learning).steps;
  }

  get snapshotBytes(): number {
    return this.parts.codec.byteLength;
  }

  snapshot(out: Uint8Array): number {
    this.parts.learning.settle();
    return this.parts.codec.write(out);
  }

  restore(snapshot: Uint8Array | null, journal: readonly JournalEntry[]): number {
    if (snapshot !== null) this.parts.codec.read(snapshot);
    const { learning, unlabelled, pool, shared } = this.parts;
    pool?.restored();
    shared?.restored();
    unlabelled?.restore(journal, learning.firstUnlearned[0]!);
    return learning.restore(journal);
  }

  get fingerprint(): string {
    return this.decided.text;
  }

  /** Takes the window in: what it shows of the stream is learned, and its label may come. */
  private judge(index: number): void {
    const { panel, statistics, value, pending, episodes, learning, unlabelled } = this.parts;
    const { decision } = this;
    statistics.push(this.normalised);
    this.consult(index);
    panel.follow(index);
    decision.labelValue = value.of(decision.probabilities, decision.label, panel.labels, this.normalised);
    pending.add(index, this.features, panel.probabilities, panel.labels, decision.label);
    if (episodes.window(decision.drift)) learning.rested();
    if (unlabelled === null) return;
    unlabelled.follow(index, panel.values, decision.label);
    decision.guard = unlabelled.guard.phase;
    decision.rise = unlabelled.guard.rise;
  }

  /** What experts and mixture say of `normalised`; changes nothing but the decision. */
  private consult(index: number): void {
    const { head, panel, statistics, mixture, calibration, unlabelled } = this.parts;
    const { decision } = this;
    panel.judge(this.normalised, index);
    mixture.combine(panel.probabilities, decision.probabilities);
    mixValues(panel.values, mixture.weights, decision.values);
    unlabelled?.judge(panel.values, decision);
    decision.thresholds.set(head.thresholds);
    decision.label = head.label(decision.probabilities, decision.values, this.experts.length);
    decision.rawConfidence = decision.label < 0 ? 0 : decision.probabilities[decision.label]!;
    calibration?.apply(decision.probabilities, decision.probabilities);
    decision.confidence = decision.label < 0 ? 0 : decision.probabilities[decision.label]!;
    decision.drift = statistics.distance();
    decision.adapter = this.parts.choice?.chooser.active ?? 0;
  }

  private abstain(): void {
    const decision = this.decision;
    decision.label = -1;
    decision.confidence = 0;
    decision.rawConfidence = 0;
    decision.labelValue = 0;
    decision.probabilities.fill(0);
    decision.values.fill(0);
    decision.expertValues.fill(0);
    decision.expertLabels.fill(-1);
    decision.expertConfidences.fill(0);
  }

  private record(): void {
    const { decided, decision } = this;
    decided.add(decision.index);
    decided.add(decision.label);
    for (let k = 0; k < decision.probabilities.length; k++) decided.addFloat(decision.probabilities[k]!);
    for (let e = 0; e < decision.expertLabels.length; e++) decided.add(decision.expertLabels[e]!);
    for (let v = 0; v < decision.values.length; v++) decided.addFloat(decision.values[v]!);
  }
}

/** out[v] = Σ_e weights[e] values[e, v], experts' values [experts × values] in. */
function mixValues(values: Float32Array, weights: Float64Array, out: Float32Array): void {
  for (let v = 0; v < out.length; v++) {
    let sum = 0;
    for (let e = 0; e < weights.length; e++) sum += weights[e]! * values[e * out.length + v]!;
    out[v] = sum;
  }
}

function allFinite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!(Math.abs(values[i]!) < Infinity)) return false;
  return true;
}
