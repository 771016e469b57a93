import { builtinCall } from '../tflite/builtin-call.ts';
import { Builtin } from '../tflite/builtin-operator.ts';
import type { ModelMetadata, Operator, Quantisation, Tensor, TfliteModel } from '../tflite/model.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import type { Affine } from './affine.ts';
import type { QuantisedNetwork } from './quantise-network.ts';

/** Fixed by the TFLite specification for int8 SOFTMAX: probabilities in steps of 1/256. */
const PROBABILITY: Affine = { scale: 1 / 256, zeroPoint: -128 };
const ACTIVATION = { none: 0, relu: 1 } as const;
const FULLY_CONNECTED_VERSION = 4; // the first with int8 input and output
const SOFTMAX_VERSION = 2; // the first with int8

/** A chain FULLY_CONNECTED ... FULLY_CONNECTED, SOFTMAX over one vector, as the plain form of a .tflite file. */
export function denseTfliteModel(
  network: QuantisedNetwork,
  description: string,
  metadata: readonly ModelMetadata[],
): TfliteModel {
  const tensors: Tensor[] = [];
  const buffers: Uint8Array[] = [new Uint8Array(0)];
  const operators: Operator[] = [];
  const activation = (name: string, size: number, affine: Affine): number =>
    tensors.push({ ...tensorOf(name, TensorType.int8, [1, size], perTensor(affine)), buffer: 0 }) - 1;
  const constant = (tensor: Omit<Tensor, 'buffer'>, bytes: Uint8Array): number =>
    tensors.push({ ...tensor, buffer: buffers.push(bytes) - 1 }) - 1;

  const input = activation('input', network.layers[0]!.inFeatures, network.input);
  let from = input;
  let inputScale = network.input.scale;
  network.layers.forEach((layer, l) => {
    const { inFeatures, outFeatures, weights, weightScale, bias } = layer;
    const name = `dense${l + 1}`;
    const weightShape = [outFeatures, inFeatures];
    const weightsAt = constant(
      tensorOf(`${name}/weights`, TensorType.int8, weightShape, perChannel(weightScale)),
      new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength),
    );
    const biasScale = weightScale.map((scale) => inputScale * scale);
    const biasAt = constant(
      tensorOf(`${name}/bias`, TensorType.int32, [outFeatures], perChannel(biasScale)),
      littleEndian(bias),
    );
    const output = activation(l + 1 < network.layers.length ? name : 'logits', outFeatures, layer.output);
    const fields = { fusedActivation: ACTIVATION[layer.activation] };
    operators.push(builtinCall(0, [from, weightsAt, biasAt], [output], ['FullyConnected', fields]));
    from = output;
    inputScale = layer.output.scale;
  });
  const probabilities = activation('probabilities', network.layers.at(-1)!.outFeatures, PROBABILITY);
  operators.push(builtinCall(1, [from], [probabilities], ['Softmax', { beta: 1 }]));
  return {
    description,
    operatorCodes: [
      { builtin: Builtin.fullyConnected, custom: '', version: FULLY_CONNECTED_VERSION },
      { builtin: Builtin.softmax, custom: '', version: SOFTMAX_VERSION },
    ],
    subgraph: { name: 'main', tensors, operators, inputs: [input], outputs: [probabilities] },
    buffers,
    metadata,
  };
}

function tensorOf(name: string, type: number, shape: readonly number[], quantisation: Quantisation) {
  return { name, type, shape, shapeSignature: [], isVariable: false, quantisation };
}

function perTensor({ scale, zeroPoint }: Affine): Quantisation {
  return quantisationOf(Float32Array.of(scale), Int32Array.of(zeroPoint));
}

function perChannel(scale: Float32Array): Quantisation {
  return quantisationOf(scale, new Int32Array(scale.length));
}

function quantisationOf(scale: Float32Array, zeroPoint: Int32Array): Quantisation {
  return { scale, zeroPoint, min: new Float32Array(0), max: new Float32Array(0), quantizedDimension: 0 };
}

/** The file format is little-endian whatever the machine is. */
function littleEndian(values: Int32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    view.setInt32(i * 4, value, true);
  });
  return bytes;
}
