import { builtinCall } from '../tflite/builtin-call.ts';
import { Builtin } from '../tflite/builtin-operator.ts';
import type { ModelMetadata, OptionValue, Quantisation, TfliteModel } from '../tflite/model.ts';
import { type Layer, outputShape, type Shape, type Sliding } from './network.ts';
import type { QuantisedLayer, QuantisedNetwork, QuantisedWeights } from './quantise-network.ts';
import { TensorTable } from './tensor-table.ts';

const ACTIVATION = { none: 0, relu: 1 } as const;
const PADDING = { same: 0, valid: 1 } as const;
/** Number of each operator and the first version of it that takes int8. */
const OPERATORS = {
  dense: [Builtin.fullyConnected, 4],
  convolution: [Builtin.conv2d, 3],
  depthwise: [Builtin.depthwiseConv2d, 3],
  maxPool: [Builtin.maxPool2d, 2],
  mean: [Builtin.mean, 2],
  transpose: [Builtin.transpose, 2],
  stretch: [Builtin.resizeNearestNeighbor, 2],
  softmax: [Builtin.softmax, 2],
} as const satisfies Record<Layer['kind'], readonly [number, number]>;

/** A quantised network as the plain form of a .tflite file: one operator per layer, batches of 1. */
export function tfliteModel(
  network: QuantisedNetwork,
  description: string,
  metadata: readonly ModelMetadata[],
): TfliteModel {
  const table = new TensorTable();
  const kinds = [...new Set(network.layers.map(({ kind }) => kind))];
  const input = table.activation('input', [1, ...network.inputShape], network.input);
  const softmax = network.layers.at(-1)?.kind === 'softmax';
  const lastNamed = network.layers.length - (softmax ? 2 : 1);
  let from = input;
  let grid = network.input;
  let shape = network.inputShape;
  const operators = network.layers.map((layer, l) => {
    const to = outputShape(layer as unknown as Layer, shape);
    const name = `${layer.kind}${l + 1}`;
    const ending = l === lastNamed ? (softmax ? 'logits' : 'output') : name;
    const constants =
      'weights' in layer ? weightsOf(table, name, layer, shape, grid.scale) : argument(table, name, layer, to);
    const output = table.activation(layer.kind === 'softmax' ? 'probabilities' : ending, [1, ...to], layer.output);
    const call = builtinCall(kinds.indexOf(layer.kind), [from, ...constants], [output], optionsOf(layer));
    [from, grid, shape] = [output, layer.output, to];
    return call;
  });
  return {
    description,
    operatorCodes: kinds.map((kind) => ({ builtin: OPERATORS[kind][0], custom: '', version: OPERATORS[kind][1] })),
    subgraph: { name: 'main', tensors: table.tensors, operators, inputs: [input], outputs: [from] },
    buffers: table.buffers,
    metadata,
  };
}

/** Weights and bias, each with a scale per output channel. */
function weightsOf(
  table: TensorTable,
  name: string,
  layer: QuantisedLayer & QuantisedWeights,
  input: Shape,
  inputScale: number,
): number[] {
  const { weights, weightScale, bias } = layer;
  const channels = bias.length;
  const [shape, dimension] =
    layer.kind === 'depthwise'
      ? [[1, ...layer.filter, channels], 3]
      : [[channels, ...('filter' in layer ? layer.filter : []), input.at(-1)!], 0];
  const biasScale = weightScale.map((scale) => inputScale * scale);
  return [
    table.int8(`${name}/weights`, shape, perChannel(weightScale, dimension), weights),
    table.int32(`${name}/bias`, [channels], perChannel(biasScale, 0), bias),
  ];
}

/** The constant that tells an operator what to do, for those that take it as an input. */
function argument(table: TensorTable, name: string, layer: QuantisedLayer, to: Shape): number[] {
  const ints = (what: string, ...values: number[]) => [
    table.int32(`${name}/${what}`, [values.length], null, Int32Array.from(values)),
  ];
  switch (layer.kind) {
    case 'mean':
      return ints('axes', 1, 2);
    case 'transpose':
      return ints('order', 0, 1, 3, 2);
    case 'stretch':
      return ints('size', to[0]!, to[1]!);
    default:
      return [];
  }
}

function optionsOf(layer: QuantisedLayer): [string, Readonly<Record<string, OptionValue>>] | null {
  switch (layer.kind) {
    case 'dense':
      return ['FullyConnected', { fusedActivation: ACTIVATION[layer.activation] }];
    case 'convolution':
      return ['Conv2D', { ...sliding(layer), ...UNDILATED, fusedActivation: ACTIVATION[layer.activation] }];
    case 'depthwise': {
      const fields = { ...sliding(layer), ...UNDILATED, depthMultiplier: 1 };
      return ['DepthwiseConv2D', { ...fields, fusedActivation: ACTIVATION[layer.activation] }];
    }
    case 'maxPool':
      return ['Pool2D', { ...sliding(layer), filterHeight: layer.filter[0], filterWidth: layer.filter[1] }];
    case 'mean':
      return ['Reducer', { keepDims: false }];
    case 'transpose':
      return ['Transpose', {}];
    case 'stretch':
      return ['ResizeNearestNeighbor', { alignCorners: false, halfPixelCenters: false }];
    case 'softmax':
      return ['Softmax', { beta: 1 }];
  }
}

const UNDILATED = { dilationH: 1, dilationW: 1 } as const;

function sliding({ stride, padding }: Sliding): Record<string, number> {
  return { padding: PADDING[padding], strideH: stride[0], strideW: stride[1] };
}

function perChannel(scale: Float32Array, quantizedDimension: number): Quantisation {
  const none = new Float32Array(0);
  return { scale, zeroPoint: new Int32Array(scale.length), min: none, max: none, quantizedDimension };
}
