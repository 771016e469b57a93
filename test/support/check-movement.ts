import * as assert from 'uvu/assert';
import type { TensorData } from '../../kernels/tensor-view.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { compareWithOracle } from './compare-oracle.ts';
import { distinctValues, elementsIn } from './gather.ts';
import { randomInt8 } from './models.ts';
import { runModel } from './one-operator.ts';
import type { Oracle } from './oracle.ts';

/** Types of the engine's ends, one for each way to hold an element. */
export const MOVED_TYPES = [TensorType.int8, TensorType.int16, TensorType.int32, TensorType.float32] as const;

/** What an operator that moves the elements of one tensor must do. */
export interface Movement {
  readonly what: string;
  readonly shape: readonly number[];
  readonly model: (type: number) => TfliteModel;
  /** The output by definition. */
  readonly expected: (values: TensorData) => number[];
}

/** Every type against the definition, and int8 against TensorFlow Lite, unless that refuses the model (null). */
export const checkMovement = (oracle: Oracle | null, random: () => number, movement: Movement): void => {
  const { what, shape, model, expected } = movement;
  if (oracle !== null && elementsIn(shape) > 1) {
    const inputs = [0, 1].map(() => [randomInt8(random, elementsIn(shape))]);
    compareWithOracle(oracle, writeModel(model(TensorType.int8)), inputs, what);
  }
  for (const type of MOVED_TYPES) {
    const values = distinctValues(type, elementsIn(shape));
    assert.equal(Array.from(runModel(model(type), [values])[0]!), expected(values), `${what}, type ${type}`);
  }
};
