import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { ModelBuilder, perChannel, perTensor, randomInt8 } from './models.ts';

/** How a random network ends, and whether its ends are float32. */
export interface DenseNetOptions {
  /** Features of the input, then of each dense layer. */
  readonly sizes: readonly number[];
  readonly perChannel: boolean;
  /** Fused activation of the hidden layers (`ActivationFunctionType`). */
  readonly activation: number;
  readonly ending: 'logits' | 'softmax' | 'logistic';
  readonly floatEnds: boolean;
  readonly withBias: boolean;
}

const FULLY_CONNECTED_VERSION = 4;

/** A random int8 network whose values spread over the int8 range, so that a wrong bit anywhere shows at its end. */
export function denseNet(random: () => number, options: DenseNetOptions): TfliteModel {
  const builder = new ModelBuilder();
  const [inputs] = options.sizes;
  const activation = () => perTensor(Math.fround(0.01 + random() * 0.05), Math.floor(random() * 60) - 30);
  let quantisation = activation();
  let current = builder.int8([1, inputs!], quantisation);
  let first = current;
  if (options.floatEnds) {
    first = builder.tensor(TensorType.float32, [1, inputs!], null);
    builder.operator(Builtin.quantize, [first], [current], ['Quantize', {}]);
  }
  for (let layer = 1; layer < options.sizes.length; layer++) {
    const inFeatures = options.sizes[layer - 1]!;
    const outFeatures = options.sizes[layer]!;
    const next = activation();
    // The sum of `in` products of uniform int8 values spreads as √in × 74²: this brings it to the output's range.
    const typical = (next.scale[0]! * 60) / (quantisation.scale[0]! * 74 * 74 * Math.sqrt(inFeatures));
    const scales = Array.from({ length: options.perChannel ? outFeatures : 1 }, () =>
      Math.fround(typical * (0.5 + random())),
    );
    const weights = builder.int8(
      [outFeatures, inFeatures],
      perChannel(scales),
      weightsOf(random, inFeatures * outFeatures),
    );
    const biasScales = scales.map((scale) => Math.fround(quantisation.scale[0]! * scale));
    const values = Int32Array.from({ length: outFeatures }, () => (random() - 0.5) * 10_000);
    const bias = options.withBias
      ? builder.tensor(TensorType.int32, [outFeatures], perChannel(biasScales), values)
      : -1;
    const output = builder.int8([1, outFeatures], next);
    const last = layer === options.sizes.length - 1;
    const fields = { fusedActivation: last ? 0 : options.activation };
    builder.operator(
      Builtin.fullyConnected,
      [current, weights, bias],
      [output],
      ['FullyConnected', fields],
      FULLY_CONNECTED_VERSION,
    );
    current = output;
    quantisation = next;
  }
  const classes = options.sizes.at(-1)!;
  if (options.ending !== 'logits') {
    const output = builder.int8([1, classes], perTensor(1 / 256, -128));
    if (options.ending === 'softmax')
      builder.operator(Builtin.softmax, [current], [output], ['Softmax', { beta: 1 }], 2);
    else builder.operator(Builtin.logistic, [current], [output], null, 2);
    current = output;
  }
  if (!options.floatEnds) return builder.build([first], [current]);
  const output = builder.tensor(TensorType.float32, [1, classes], null);
  return builder.operator(Builtin.dequantize, [current], [output], ['Dequantize', {}], 2).build([first], [output]);
}

/** −127 to 127: the specification of int8 weights leaves −128 out. */
function weightsOf(random: () => number, length: number): Int8Array {
  return randomInt8(random, length).map((value) => Math.max(-127, value));
}
