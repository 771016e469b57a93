import type { TensorView } from '../../../kernels/interpreter.ts';
import { createRandom, type Random } from '../../../kernels/random.ts';

/** Real values of float inputs lie within ± this, a few steps beyond what models are usually scaled to. */
const FLOAT_RANGE = 4;

/** Fills the inputs of models with the same values for the same seed, whatever engine they belong to. */
export function createInputs(seed: number): (inputs: readonly TensorView[]) => void {
  const random = createRandom(seed, 'model inputs');
  return (inputs) => {
    for (const { data } of inputs) fill(data, random);
  };
}

function fill(data: TensorView['data'], random: Random): void {
  if (data instanceof Float32Array) {
    for (let index = 0; index < data.length; index++) data[index] = (random.float() * 2 - 1) * FLOAT_RANGE;
    return;
  }
  // Indices and lengths, where a model takes 32 bits, are small.
  const [least, count] = data instanceof Int32Array ? [0, 128] : [-(2 ** (8 * data.BYTES_PER_ELEMENT - 1)), 0];
  const values = count === 0 ? 2 ** (8 * data.BYTES_PER_ELEMENT) : count;
  for (let index = 0; index < data.length; index++) data[index] = least + Math.floor(random.float() * values);
}
