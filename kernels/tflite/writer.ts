import { Builder } from 'flatbuffers';
import { BUILTIN_CODE_BYTE_MAX } from './builtin-operator.ts';
import type { Operator, OperatorCode, Quantisation, Subgraph, Tensor, TfliteModel } from './model.ts';
import { writeOptions } from './write-options.ts';
import { writeFloats, writeInts, writeLongs, writeTables } from './write-vectors.ts';

const SCHEMA_VERSION = 3;
const FILE_IDENTIFIER = 'TFL3';
/** `Buffer.data` is declared `force_align: 16`, so that weights can be used in place from a mapped file. */
const BUFFER_ALIGNMENT = 16;

/**
 * Writes a model as a .tflite file (schema v3a) that TFLite, LiteRT and TFLite Micro load. Metadata entries whose bytes
 * are not one of `model.buffers` get a buffer of their own at the end.
 *
 * @returns the file, a fresh array.
 */
export function writeModel(model: TfliteModel): Uint8Array {
  const buffers = [...model.buffers];
  const metadataBuffers = model.metadata.map(({ bytes }) => {
    const known = bytes.length === 0 ? -1 : buffers.indexOf(bytes);
    return known >= 0 ? known : buffers.push(bytes) - 1;
  });
  const builder = new Builder(buffers.reduce((sum, bytes) => sum + bytes.length + 64, 4096));
  const writtenBuffers = writeTables(builder, buffers, (bytes) => writeBuffer(builder, bytes));
  const metadata = writeTables(builder, model.metadata, ({ name }, index) => {
    const text = builder.createString(name);
    builder.startObject(2);
    builder.addFieldOffset(0, text, 0);
    builder.addFieldInt32(1, metadataBuffers[index]!, 0);
    return builder.endObject();
  });
  const subgraphs = writeTables(builder, [model.subgraph], (subgraph) => writeSubgraph(builder, subgraph));
  const codes = writeTables(builder, model.operatorCodes, (code) => writeOperatorCode(builder, code));
  const description = builder.createString(model.description);
  builder.startObject(8);
  builder.addFieldInt32(0, SCHEMA_VERSION, 0);
  builder.addFieldOffset(1, codes, 0);
  builder.addFieldOffset(2, subgraphs, 0);
  builder.addFieldOffset(3, description, 0);
  builder.addFieldOffset(4, writtenBuffers, 0);
  if (model.metadata.length > 0) builder.addFieldOffset(6, metadata, 0);
  builder.finish(builder.endObject(), FILE_IDENTIFIER);
  return builder.asUint8Array().slice();
}

function writeBuffer(builder: Builder, bytes: Uint8Array): number {
  let data = 0;
  if (bytes.length > 0) {
    builder.prep(BUFFER_ALIGNMENT, bytes.length);
    data = builder.createByteVector(bytes);
  }
  builder.startObject(3);
  builder.addFieldOffset(0, data, 0);
  return builder.endObject();
}

function writeOperatorCode(builder: Builder, code: OperatorCode): number {
  const custom = code.custom === '' ? 0 : builder.createString(code.custom);
  builder.startObject(4);
  // Both fields, so that readers from before schema v3a find the codes they know.
  builder.addFieldInt8(0, Math.min(code.builtin, BUILTIN_CODE_BYTE_MAX), 0);
  builder.addFieldOffset(1, custom, 0);
  builder.addFieldInt32(2, code.version, 1);
  builder.addFieldInt32(3, code.builtin, 0);
  return builder.endObject();
}

function writeSubgraph(builder: Builder, subgraph: Subgraph): number {
  const tensors = writeTables(builder, subgraph.tensors, (tensor) => writeTensor(builder, tensor));
  const operators = writeTables(builder, subgraph.operators, (operator) => writeOperator(builder, operator));
  const inputs = writeInts(builder, subgraph.inputs);
  const outputs = writeInts(builder, subgraph.outputs);
  const name = subgraph.name === '' ? 0 : builder.createString(subgraph.name);
  builder.startObject(5);
  builder.addFieldOffset(0, tensors, 0);
  builder.addFieldOffset(1, inputs, 0);
  builder.addFieldOffset(2, outputs, 0);
  builder.addFieldOffset(3, operators, 0);
  builder.addFieldOffset(4, name, 0);
  return builder.endObject();
}

function writeTensor(builder: Builder, tensor: Tensor): number {
  const name = builder.createString(tensor.name);
  const shape = writeInts(builder, tensor.shape);
  const signature = tensor.shapeSignature.length === 0 ? 0 : writeInts(builder, tensor.shapeSignature);
  const quantisation = tensor.quantisation === null ? 0 : writeQuantisation(builder, tensor.quantisation);
  builder.startObject(10);
  builder.addFieldOffset(0, shape, 0);
  builder.addFieldInt8(1, tensor.type, 0);
  builder.addFieldInt32(2, tensor.buffer, 0);
  builder.addFieldOffset(3, name, 0);
  builder.addFieldOffset(4, quantisation, 0);
  builder.addFieldInt8(5, tensor.isVariable ? 1 : 0, 0);
  builder.addFieldOffset(7, signature, 0);
  // has_rank: without it a scalar could not be told from a tensor of unknown shape.
  builder.addFieldInt8(8, 1, 0);
  return builder.endObject();
}

function writeQuantisation(builder: Builder, quantisation: Quantisation): number {
  const min = quantisation.min.length === 0 ? 0 : writeFloats(builder, quantisation.min);
  const max = quantisation.max.length === 0 ? 0 : writeFloats(builder, quantisation.max);
  const scale = quantisation.scale.length === 0 ? 0 : writeFloats(builder, quantisation.scale);
  const zeroPoint = quantisation.zeroPoint.length === 0 ? 0 : writeLongs(builder, quantisation.zeroPoint);
  builder.startObject(7);
  builder.addFieldOffset(0, min, 0);
  builder.addFieldOffset(1, max, 0);
  builder.addFieldOffset(2, scale, 0);
  builder.addFieldOffset(3, zeroPoint, 0);
  builder.addFieldInt32(6, quantisation.quantizedDimension, 0);
  return builder.endObject();
}

function writeOperator(builder: Builder, operator: Operator): number {
  const inputs = writeInts(builder, operator.inputs);
  const outputs = writeInts(builder, operator.outputs);
  const intermediates = operator.intermediates.length === 0 ? 0 : writeInts(builder, operator.intermediates);
  const custom = operator.customOptions.length === 0 ? 0 : builder.createByteVector(operator.customOptions);
  const mutating = Uint8Array.from(operator.mutatingVariableInputs);
  const mutatingOffset = mutating.length === 0 ? 0 : builder.createByteVector(mutating);
  const options = operator.options === null ? 0 : writeOptions(builder, operator.options);
  builder.startObject(9);
  builder.addFieldInt32(0, operator.opcodeIndex, 0);
  builder.addFieldOffset(1, inputs, 0);
  builder.addFieldOffset(2, outputs, 0);
  builder.addFieldInt8(3, operator.options?.type ?? 0, 0);
  builder.addFieldOffset(4, options, 0);
  builder.addFieldOffset(5, custom, 0);
  builder.addFieldOffset(7, mutatingOffset, 0);
  builder.addFieldOffset(8, intermediates, 0);
  return builder.endObject();
}
