import { ModelError } from '../errors.ts';
import { createInterpreter, type Interpreter } from '../interpreter.ts';
import type { ModelLimits } from '../limits.ts';
import type { TfliteModel } from '../tflite/model.ts';
import type { WasmEngine } from '../wasm/engine.ts';
import { type ChosenPoints, choosePoints, type PointsWanted } from './choose-points.ts';

export interface LearningInterpreter {
  /** Keeps the activations that the way back from the loss reads. */
  readonly interpreter: Interpreter;
  readonly chosen: ChosenPoints;
}

/**
 * An interpreter of a model that learns: with as many adapter points, the last ones first, as are wanted and as memory
 * allows for learning (`learningArenaBytesMax`, `learningStateBytesMax`) and for the interpreter together with the
 * activations that it keeps.
 *
 * @throws ModelError as `createInterpreter`
 */
export function createLearningInterpreter(
  model: TfliteModel,
  engine: WasmEngine,
  limits: ModelLimits,
  { pointsMax, ...need }: Omit<PointsWanted, 'bytesMax' | 'stateBytesMax'>,
): LearningInterpreter {
  const mark = engine.usedBytes;
  const create = (keepActivations: readonly number[]): Interpreter =>
    createInterpreter(model, { engine, limits, keepActivations });
  const unkept = create([]);
  for (let most = pointsMax; ; ) {
    const { learningArenaBytesMax: bytesMax, learningStateBytesMax: stateBytesMax } = limits;
    const wanted = { pointsMax: most, ...need, bytesMax, stateBytesMax };
    const chosen = choosePoints(model, unkept, wanted);
    engine.release(mark);
    const interpreter = tryCreate(() => create(chosen.operators), chosen.points.length > 0);
    if (interpreter !== null) return { interpreter, chosen };
    most = chosen.points.length - 1;
  }
}

/** Null where memory is too small and less may still fit. */
function tryCreate(create: () => Interpreter, mayShrink: boolean): Interpreter | null {
  try {
    return create();
  } catch (error) {
    if (mayShrink && error instanceof ModelError && error.code === 'modelTooLarge') return null;
    throw error;
  }
}
