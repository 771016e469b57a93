import { convolutionGeometry, denseGeometry, depthwiseGeometry } from '../../kernels/ops/convolution-geometry.ts';
import { array, type CmsisCase, type CmsisRunner, number } from './cmsis.ts';
import { type CmsisLayer, runLayer } from './cmsis-convolution.ts';

const refuse = (message: string): never => {
  throw new Error(message);
};

/** Geometry of layer `name` of the network; SAME padding throughout. */
const geometryOf = (test: CmsisCase, name: string, kind: 'conv' | 'depthwise'): CmsisLayer['geometry'] => {
  const at = (field: string): number => number(test, `${name}_${field}`);
  const [rows, columns, inChannels, outChannels] = [at('filter_y'), at('filter_x'), at('in_ch'), at('out_ch')];
  const shapes = {
    input: [1, at('input_h'), at('input_w'), inChannels],
    filter: kind === 'depthwise' ? [1, rows, columns, outChannels] : [outChannels, rows, columns, inChannels],
    output: [1, at('output_h'), at('output_w'), outChannels],
  };
  const window = { padding: 0, strideH: at('stride_y'), strideW: at('stride_x'), dilationH: 1, dilationW: 1 };
  return (kind === 'depthwise' ? depthwiseGeometry : convolutionGeometry)(shapes, window, refuse);
};

/** One layer of the network on the output of the one before. */
const runNamed = (test: CmsisCase, index: number, input: readonly number[]): readonly number[] => {
  const dense = index === 14;
  const kind = index % 2 === 1 || dense ? 'conv' : 'depthwise';
  const name = dense ? 'fully_connected' : kind === 'conv' ? 'conv_2d' : 'depthwise_conv_2d';
  const config = `${name}_${index}`;
  const arrays = `layer_${index}_${name}`;
  const output = runLayer({
    // In the config of the dense layer the counts of inputs and outputs are swapped.
    geometry: dense
      ? denseGeometry(
          [number(test, `${config}_in_ch`), input.length],
          input.length,
          number(test, `${config}_in_ch`),
          refuse,
        )
      : geometryOf(test, config, kind),
    kind,
    input,
    wide: false,
    wideSum: false,
    weights: Int8Array.from(array(test, `${arrays}_weights`)),
    bias: array(test, `${arrays}_bias`),
    multipliers: dense ? [number(test, `${config}_output_multiplier`)] : array(test, `${arrays}_output_mult`),
    shifts: dense ? [number(test, `${config}_output_shift`)] : array(test, `${arrays}_output_shift`),
    inputOffset: number(test, `${config}_input_offset`),
    outputOffset: number(test, `${config}_output_offset`),
    activationMin: number(test, `${config}_out_activation_min`),
    activationMax: number(test, `${config}_out_activation_max`),
  });
  return Array.from(output);
};

/** Mean of each channel over all positions, rounded half away from zero. */
const averagePool = (input: readonly number[], channels: number): number[] => {
  const count = input.length / channels;
  return Array.from({ length: channels }, (_, channel) => {
    let sum = 0;
    for (let position = 0; position < count; position++) sum += input[position * channels + channel]!;
    return Math.sign(sum) * Math.floor((Math.abs(sum) + Math.floor(count / 2)) / count);
  });
};

/** Probabilities in 1/256 from their definition; the integer exponential of CMSIS-NN is exact to a last bit. */
const softmax = (test: CmsisCase, logits: readonly number[]): number[] => {
  // Multiplier and shift hold scale × 2^26 (gemmlowp's 5 integer bits).
  const scale = (number(test, 'softmax_15_mult') * 2 ** (number(test, 'softmax_15_shift') - 31)) / 2 ** 26;
  const powers = logits.map((logit) => Math.exp(scale * logit));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => Math.min(127, Math.round((256 * power) / sum) - 128));
};

/** The keyword spotter DS-CNN L: eleven convolutions, a pool, a dense layer and a softmax. */
export const runNetwork: CmsisRunner = (test) => {
  let values = array(test, 'input');
  for (let index = 1; index <= 11; index++) values = runNamed(test, index, values);
  const pooled = averagePool(values, number(test, 'average_pool_2d_12_out_ch'));
  return { found: softmax(test, runNamed(test, 14, pooled)), expected: array(test, 'output_ref') };
};
