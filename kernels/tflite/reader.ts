import { ModelError, malformed } from '../errors.ts';
import type { ModelLimits } from '../limits.ts';
import { FlatbufferFile, type FlatbufferTable } from './flatbuffer.ts';
import type { Operator, OperatorCode, Quantisation, Subgraph, Tensor, TfliteModel } from './model.ts';
import { printable } from './printable.ts';
import { readOptions } from './read-options.ts';
import { verifyModel } from './verify.ts';

const SCHEMA_VERSION = 3;
const FILE_IDENTIFIER = 'TFL3';

/**
 * Reads a TFLite model (schema v3) and proves it usable as far as the format goes: every offset inside the file, every
 * index in range, shapes, quantisation and buffer lengths consistent, operators in an order that can be executed.
 * Contents of buffers are views into `bytes`, which must not change while the model is in use. Signature definitions
 * are not read: they rename inputs and outputs for other runtimes.
 *
 * @throws ModelError, whatever the bytes are.
 */
export function readModel(bytes: Uint8Array, limits: ModelLimits): TfliteModel {
  const model = parseModel(bytes, limits);
  verifyModel(model, limits);
  return model;
}

/**
 * What the file says, before anybody has asked whether it makes sense: indices may lead nowhere. Only to show a model
 * that was refused.
 *
 * @throws ModelError when there is no such structure in the bytes
 */
export function parseModel(bytes: Uint8Array, limits: ModelLimits): TfliteModel {
  if (bytes.length > limits.modelBytesMax) {
    throw new ModelError(
      'modelTooLarge',
      `the model has ${bytes.length} bytes, ${limits.modelBytesMax} are allowed: use a smaller one or raise the limit`,
    );
  }
  const root = new FlatbufferFile(bytes).root(FILE_IDENTIFIER);
  const version = root.uint32(0);
  if (version !== SCHEMA_VERSION) malformed(`schema version ${version} instead of ${SCHEMA_VERSION}`);
  const operatorCodes = root.tables(1, limits.operatorCodesMax, 'operator code', (t) => readOperatorCode(t, limits));
  const buffers = root.tables(4, limits.buffersMax, 'buffer', (t, index) => readBuffer(t, index, limits));
  const subgraphs = root.tables(2, 64, 'subgraph', (t) => readSubgraph(t, limits));
  if (subgraphs.length !== 1) {
    throw new ModelError(
      'unsupportedModel',
      `the model has ${subgraphs.length} subgraphs: export it without control flow`,
    );
  }
  const metadata = root.tables(6, limits.metadataMax, 'metadata entry', (table, index) => {
    const buffer = table.uint32(1);
    if (!(buffer < buffers.length)) malformed(`metadata entry ${index} names buffer ${buffer} of ${buffers.length}`);
    return { name: table.string(0, limits.nameBytesMax), bytes: buffers[buffer]! };
  });
  const description = root.string(3, limits.nameBytesMax);
  return { description, operatorCodes, subgraph: subgraphs[0]!, buffers, metadata };
}

function readOperatorCode(table: FlatbufferTable, limits: ModelLimits): OperatorCode {
  // Codes above 127 live in the newer field only, older files have only the byte (schema v3a).
  const builtin = Math.max(table.int8(0), table.int32(3));
  return { builtin, custom: table.string(1, limits.nameBytesMax), version: table.int32(2, 1) };
}

function readBuffer(table: FlatbufferTable, index: number, limits: ModelLimits): Uint8Array {
  if (table.int64(1) > 1n) {
    throw new ModelError(
      'unsupportedModel',
      `buffer ${index} lies outside of the flatbuffer: export a file below 2 GB`,
    );
  }
  return table.bytes(0, limits.modelBytesMax, 'data bytes');
}

function readSubgraph(table: FlatbufferTable, limits: ModelLimits): Subgraph {
  return {
    name: table.string(4, limits.nameBytesMax),
    tensors: table.tables(0, limits.tensorsMax, 'tensor', (t, index) => readTensor(t, index, limits)),
    inputs: table.int32s(1, limits.operatorTensorsMax, 'inputs'),
    outputs: table.int32s(2, limits.operatorTensorsMax, 'outputs'),
    operators: table.tables(3, limits.operatorsMax, 'operator', (t, index) => readOperator(t, index, limits)),
  };
}

function readTensor(table: FlatbufferTable, index: number, limits: ModelLimits): Tensor {
  const name = table.string(3, limits.nameBytesMax);
  if (table.table(6, 'sparsity') !== null) {
    throw new ModelError(
      'unsupportedModel',
      `tensor ${index} (${printable(name)}) is sparse: export the model densely`,
    );
  }
  const shape = table.int32s(0, limits.rankMax, 'dimensions');
  return {
    name,
    type: table.int8(1),
    shape,
    shapeSignature: table.int32s(7, limits.rankMax, 'signature dimensions'),
    buffer: table.uint32(2),
    isVariable: table.int8(5) !== 0,
    quantisation: readQuantisation(table.table(4, `quantisation of tensor ${index}`), index, shape),
  };
}

function readQuantisation(table: FlatbufferTable | null, index: number, shape: readonly number[]): Quantisation | null {
  if (table === null) return null;
  if (table.uint8(4) !== 0) {
    throw new ModelError('unsupportedModel', `tensor ${index} has custom quantisation: export it as plain int8`);
  }
  // One per slice of some dimension; which one is verified later.
  const countMax = Math.max(1, ...shape);
  const min = table.float32s(0, countMax, 'minima');
  const max = table.float32s(1, countMax, 'maxima');
  const scale = table.float32s(2, countMax, 'scales');
  const zeroPoint = table.int64s(3, countMax, 'zero points');
  if (min.length + max.length + scale.length + zeroPoint.length === 0) return null;
  return { min, max, scale, zeroPoint, quantizedDimension: table.int32(6) };
}

function readOperator(table: FlatbufferTable, index: number, limits: ModelLimits): Operator {
  const countMax = limits.operatorTensorsMax;
  if (table.uint8(11) !== 0 || table.int64(9) > 1n) {
    throw new ModelError('unsupportedOperator', `operator ${index} is a StableHLO or oversized custom operator`);
  }
  return {
    opcodeIndex: table.uint32(0),
    inputs: table.int32s(1, countMax, 'inputs'),
    outputs: table.int32s(2, countMax, 'outputs'),
    options: readOptions(table, limits),
    customOptions: table.bytes(5, limits.modelBytesMax, 'custom option bytes'),
    mutatingVariableInputs: Array.from(table.bytes(7, countMax, 'mutating inputs')),
    intermediates: table.int32s(8, countMax, 'intermediates'),
  };
}
