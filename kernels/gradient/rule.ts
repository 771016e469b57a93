import type { AdapterPoint } from '../adapter-point.ts';
import type { AdapterFactors } from '../interpreter-adapters.ts';
import type { PrepareContext } from '../ops/prepare-context.ts';
import type { StoredTensor } from '../stored-tensor.ts';

/** How the gradient goes back through one operator: y's slopes become additions to the slopes of its inputs. */
export interface GradientRule {
  /** Positions of the inputs that it can go to; empty: none. */
  readonly inputs: readonly number[];
  /** Memory while the step runs, bytes. */
  scratchBytes(need: GradientNeed): number;
  /** Memory for as long as the program lives, bytes; taken by `bind` through the places. */
  lastingBytes(need: GradientNeed): number;
  bind(places: GradientPlaces): () => void;
}

/** What is wanted of a step. */
export interface GradientNeed {
  /** Rank of the adapter that learns at this operator; 0 for none. */
  readonly rank: number;
  /** A learns too, not B and bias alone. */
  readonly learnsA: boolean;
  /** Some input wants its slopes. */
  readonly passesOn: boolean;
}

/** Where everything lies; slopes are float32 indices into the engine's memory, row-major and dense. */
export interface GradientPlaces {
  /** dL/dy; may be changed by the step, which is the last to read it. */
  readonly output: number;
  /** dL/dx by position of the input, which the step adds to; −1 where nobody asks. */
  readonly inputs: readonly number[];
  /** Byte address. */
  readonly scratch: number;
  /** float32 zeros, enough for the output channels of each layer; byte address. */
  readonly zeros: number;
  /** Takes lasting memory; returns its byte address. */
  lasting(bytes: number): number;
  /** What the last inference left of a tensor. */
  stored(tensor: number): StoredTensor;
  /** The adapter that learns here. */
  readonly adapter: LearningAdapter | null;
}

/** One adapter together with the sums of its gradients. */
export interface LearningAdapter {
  readonly point: AdapterPoint;
  readonly factors: AdapterFactors;
  readonly rank: number;
  readonly scaling: number;
  /** [out × rank] and [out]: dL/dB and dL/dbias, added to by every step. */
  readonly loraBGradient: Float64Array;
  readonly biasGradient: Float64Array;
  /** [rank × in]: dL/dA; empty where A is frozen. */
  readonly loraAGradient: Float64Array;
}

/** Makes the rule of an operator that the engine has prepared before, so that its shapes and options are sound. */
export type RuleMaker = (context: PrepareContext, point: AdapterPoint | null) => GradientRule | null;
