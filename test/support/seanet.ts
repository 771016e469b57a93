import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { dataPath } from './data.ts';
import type { TensorValues } from './oracle.ts';

interface SeanetTensor {
  readonly type: string;
  readonly data: readonly number[];
}

interface StoredCase {
  readonly model: string;
  readonly inputs: readonly SeanetTensor[];
  readonly golden: readonly SeanetTensor[];
}

/** One operator of the audio codec SEANet with int16 activations, and what TFLite Micro makes of it. */
export interface SeanetCase {
  /** e.g. `transpose_conv2` */
  readonly name: string;
  readonly file: Uint8Array;
  readonly inputs: readonly TensorValues[];
  readonly golden: readonly TensorValues[];
}

const TYPES = { int8: Int8Array, int16: Int16Array, int32: Int32Array, float32: Float32Array };

const valuesOf = ({ type, data }: SeanetTensor): TensorValues => TYPES[type as keyof typeof TYPES].from(data);

/** The cases of one operator, named as their files are, e.g. `transpose_conv`. */
export const loadSeanet = (operator: string): SeanetCase[] => {
  const packed = readFileSync(dataPath('tflite_models', 'seanet', 'cases.json.gz'));
  const stored = JSON.parse(gunzipSync(packed).toString('utf8')) as StoredCase[];
  return stored
    .filter(({ model }) => new RegExp(`/${operator}\\d+\\.tflite$`).test(model))
    .map(({ model, inputs, golden }) => ({
      name: model.replace(/^.*\/|\.tflite$/g, ''),
      file: readFileSync(dataPath('tflite_models', model)),
      inputs: inputs.map(valuesOf),
      golden: golden.map(valuesOf),
    }));
};
