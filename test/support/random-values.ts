import type { TensorData } from '../../kernels/tensor-view.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { randomInt8 } from './models.ts';

/** int8 and int16 over their whole range, float32 from −10 to 10. */
export const randomValues = (random: () => number, type: number, length: number): TensorData => {
  if (type === TensorType.int8) return randomInt8(random, length);
  if (type === TensorType.int16) return Int16Array.from({ length }, () => Math.floor(random() * 65536) - 32768);
  return Float32Array.from({ length }, () => random() * 20 - 10);
};
