import { FACTOR_BITS, type FactorBits } from '../adapters/factor-codec.ts';

/** Adapter points that may learn: more than any model has for a gateway. */
export const POINTS_MAX = 1024;

/**
 * How a node learns from labels. The defaults were chosen on gas sensors that age and movement sensors of many people
 * together, and checked on bearings and a market: none is tuned to one of them alone.
 */
export interface LearningOptions {
  /** Rank of the adapters, 1 to 64. */
  readonly rank: number;
  /** Adapter points that learn, counted from the output: as many as the board has memory for; >= 1. */
  readonly points: number;
  /** LoRA's alpha / rank. */
  readonly scaling: number;
  /** What B and bias are stored, and therefore computed with, in. */
  readonly factorBits: FactorBits;
  /** Adam's step size, > 0. */
  readonly learningRate: number;
  /**
   * How fast A of the local adapter learns, as a share of `learningRate`, 0 to 1; 0: it stays as it was drawn. What
   * others share never learns its A.
   */
  readonly learnA: number;
  /** Decoupled decay per step, in units of the learning rate: pulls the adapters back to the frozen model; >= 0. */
  readonly weightDecay: number;
  /** Gradient steps each label pays for, >= 1. */
  readonly stepsPerLabel: number;
  /** Samples per gradient step: the newest label and batch - 1 of the replay buffer; >= 1. */
  readonly batch: number;
  /** α: how far windows of a class are drawn by their loss, 0 (all alike) to 1. */
  readonly priorityAlpha: number;
  /** β at the first label; it rises to 1 by the `priorityLabels`-th. 0 to 1. */
  readonly priorityBeta: number;
  readonly priorityLabels: number;
  /** Windows of the factory that are used, of those that the model brings along; 0 to 1,024. */
  readonly factoryWindowsMax: number;
  /** Share of the replayed windows that come from the factory, where the model brings some along; 0 to 1. */
  readonly factoryShare: number;
  /** Whether the linear expert reads what the frozen model says. */
  readonly linearReadsFrozen: boolean;
  /** λ of elastic weight consolidation; 0 holds nothing. */
  readonly lambda: number;
  /** γ of its Fisher diagonal: what of the earlier ones remains at a consolidation. */
  readonly fisherDecay: number;
  /** A drift begins where the stream's distance moves by this much, factory deviations; > 0. */
  readonly driftDistance: number;
  /** Windows over which it must have come to rest again for its episode to end; >= 1. */
  readonly driftCalmWindows: number;
  /** Probability of taking chance for a rise of errors, per test. */
  readonly driftDelta: number;
  /** Whether the end of an episode leads to a consolidation, and `quietPace` counts. */
  readonly driftSteers: boolean;
  /** Learning rate while nothing drifts, as a share of the one during an episode; 0 to 1. */
  readonly quietPace: number;
  /**
   * Share of the target given to all classes alike, 0 to 1. A window judged right with confidence then pulls at
   * nothing, where Adam would blow its tiny gradient up to a full step: what moves the adapters is mistakes.
   */
  readonly labelSmoothing: number;
  /** Windows the stream statistics remember; also bounds how fast the renormalised expert follows. >= 1 */
  readonly statisticsMemory: number;
  /** Windows' worth of belief in the factory statistics at the start; > 0. */
  readonly statisticsPrior: number;
  /** Nats by which the frozen expert is believed ahead of each other one before the first label; >= 0. */
  readonly frozenAdvantage: number;
  /** Share of the mixture's weight that returns to the prior with every label, 0 to 1: forgetting. */
  readonly share: number;
}

export const defaultLearningOptions: LearningOptions = {
  rank: 2,
  points: POINTS_MAX,
  scaling: 1,
  factorBits: 8,
  learningRate: 0.007,
  learnA: 0.3,
  weightDecay: 0.1,
  stepsPerLabel: 12,
  batch: 32,
  priorityAlpha: 0.3,
  priorityBeta: 0.4,
  priorityLabels: 1000,
  factoryWindowsMax: 1024,
  factoryShare: 0.4,
  linearReadsFrozen: true,
  lambda: 1,
  fisherDecay: 0.9,
  driftDistance: 0.3,
  driftCalmWindows: 200,
  driftDelta: 0.002,
  driftSteers: true,
  quietPace: 1,
  labelSmoothing: 0.1,
  statisticsMemory: 1000,
  statisticsPrior: 300,
  frozenAdvantage: 1,
  share: 0.01,
};

type NumberOption = Exclude<keyof LearningOptions, 'driftSteers' | 'linearReadsFrozen'>;

/** Throws a RangeError that names the first option out of its range. */
export function checkLearningOptions(options: LearningOptions): void {
  const whole = (name: NumberOption, max: number): void => {
    const value = options[name];
    if (!(Number.isInteger(value) && value >= 1 && value <= max)) {
      throw new RangeError(`learning.${name} is ${value}: choose a whole number from 1 to ${max}`);
    }
  };
  const real = (name: NumberOption, min: number, max: number): void => {
    const value = options[name];
    if (!(value >= min && value <= max)) {
      throw new RangeError(`learning.${name} is ${value}: choose a number from ${min} to ${max}`);
    }
  };
  whole('rank', 64);
  if (!FACTOR_BITS.includes(options.factorBits)) {
    throw new RangeError(`learning.factorBits is ${options.factorBits}: choose one of ${FACTOR_BITS.join(', ')}`);
  }
  whole('points', POINTS_MAX);
  whole('stepsPerLabel', 1024);
  whole('batch', 1024);
  real('scaling', 1e-3, 1e3);
  real('learningRate', 1e-9, 1);
  real('learnA', 0, 1);
  real('weightDecay', 0, 10);
  real('priorityAlpha', 0, 1);
  real('priorityBeta', 0, 1);
  real('priorityLabels', 1, 1e9);
  real('factoryWindowsMax', 0, 1024);
  real('factoryShare', 0, 1);
  real('lambda', 0, 1e9);
  real('fisherDecay', 0, 1);
  real('driftDistance', 1e-3, 1e3);
  real('driftCalmWindows', 1, 1e9);
  real('driftDelta', 1e-12, 0.5);
  real('quietPace', 0, 1);
  real('labelSmoothing', 0, 1);
  real('statisticsMemory', 1, 1e9);
  real('statisticsPrior', 1e-3, 1e9);
  real('frozenAdvantage', 0, 50);
  real('share', 0, 1);
}
