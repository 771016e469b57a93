import type { Interpreter } from '../interpreter.ts';
import type { TfliteModel } from '../tflite/model.ts';
import { type LearningMemory, planGradient } from './plan.ts';
import { findReach } from './reach.ts';

export interface PointsWanted {
  /** Adapter points at most, counted from the loss. */
  readonly pointsMax: number;
  /** Of all parts of `LearningMemory` in the engine together, and of those outside of it. */
  readonly bytesMax: number;
  readonly stateBytesMax: number;
  readonly rank: number;
  /** Whether A learns too; no, unless told. */
  readonly learnsA?: boolean;
}

/** Adapter points that learn, and what that takes. */
export interface ChosenPoints {
  /** Ordinals in execution order. */
  readonly points: readonly number[];
  /** Operators on the way back, whose activations the interpreter must keep. */
  readonly operators: readonly number[];
  readonly memory: LearningMemory;
}

/** The last adapter points that the gradient reaches, as many as are wanted and fit; none where not even one does. */
export function choosePoints(
  model: TfliteModel,
  interpreter: Interpreter,
  { pointsMax, bytesMax, stateBytesMax, rank, learnsA = false }: PointsWanted,
): ChosenPoints {
  const reach = findReach(model, interpreter);
  for (let count = Math.min(pointsMax, reach.points.length); count > 0; count--) {
    const points = reach.points.slice(-count);
    const { steps, memory } = planGradient(model, interpreter, reach, points, { rank, learnsA });
    const bytes = memory.arenaBytes + memory.lastingBytes + memory.activationBytes;
    if (bytes <= bytesMax && memory.stateBytes <= stateBytesMax)
      return { points, operators: steps.map(({ operator }) => operator), memory };
  }
  return { points: [], operators: [], memory: { arenaBytes: 0, lastingBytes: 0, activationBytes: 0, stateBytes: 0 } };
}
