import { ModelError, malformed } from '../errors.ts';
import type { ModelLimits } from '../limits.ts';
import { Builtin, operatorName } from './builtin-operator.ts';
import { elementsOf } from './elements.ts';
import type { Operator, OperatorOptions, TfliteModel } from './model.ts';
import { OPTIONS_LAYOUTS, optionsType } from './options.ts';
import { tensorBytes } from './tensor-type.ts';

/** Operators that slide a window; without their own options they would have strides of 0. */
const WINDOWED: ReadonlyMap<number, string> = new Map([
  [Builtin.conv2d, 'Conv2D'],
  [Builtin.depthwiseConv2d, 'DepthwiseConv2D'],
  [Builtin.averagePool2d, 'Pool2D'],
  [Builtin.maxPool2d, 'Pool2D'],
  [Builtin.transposeConv, 'TransposeConv'],
]);

/** Fields that count steps or sides of a window. */
const WINDOW_FIELDS: ReadonlySet<string> = new Set([
  'strideD',
  'strideH',
  'strideW',
  'dilationD',
  'dilationH',
  'dilationW',
  'filterHeight',
  'filterWidth',
]);

/** Values of the enumerations `Padding` and `ActivationFunctionType` of the schema. */
const PADDINGS = 2;
const ACTIVATIONS = 6;

/**
 * Checks one operator: its indices, that what it reads is written, its options, and that what it reads and writes can
 * lie in memory at once.
 *
 * @param written a flag per tensor: 1 = has a value; those of the operator's outputs are set
 */
export function verifyOperator(
  operator: Operator,
  index: number,
  model: TfliteModel,
  written: Uint8Array,
  limits: ModelLimits,
): void {
  const { tensors } = model.subgraph;
  const code = model.operatorCodes[operator.opcodeIndex];
  if (code === undefined)
    malformed(`operator ${index} has the code ${operator.opcodeIndex} of ${model.operatorCodes.length}`);
  for (const input of operator.inputs) {
    if (input === -1) continue;
    if (!isIndex(input, tensors.length)) malformed(`operator ${index} reads tensor ${input} of ${tensors.length}`);
    if (written[input] !== 1) malformed(`operator ${index} reads tensor ${input} before it is written (a cycle?)`);
  }
  for (const tensor of operator.intermediates) {
    if (!isIndex(tensor, tensors.length)) malformed(`operator ${index} uses tensor ${tensor} of ${tensors.length}`);
  }
  for (const output of operator.outputs) {
    if (!isIndex(output, tensors.length)) malformed(`operator ${index} writes tensor ${output} of ${tensors.length}`);
    if (written[output] !== 0) malformed(`operator ${index} writes tensor ${output}, which has a value already`);
    written[output] = 1;
  }
  const what = `operator ${index} (${operatorName(code)})`;
  verifyOptions(operator.options, WINDOWED.get(code.builtin), what, limits);
  verifyBytes(operator.inputs, 'reads', what, model, limits);
  verifyBytes(operator.outputs, 'writes', what, model, limits);
}

export function isIndex(value: number, length: number): boolean {
  return value >= 0 && value < length;
}

/** @param expected name of the options table that the operator cannot do without */
function verifyOptions(
  options: OperatorOptions | null,
  expected: string | undefined,
  what: string,
  limits: ModelLimits,
): void {
  if (expected !== undefined && options?.type !== optionsType(expected)) {
    malformed(`${what} lacks its options (${expected})`);
  }
  if (options === null) return;
  // By the layout, so that a field left out of a model in memory is checked as the default it stands for.
  for (const { name, absent } of OPTIONS_LAYOUTS[options.type - 1]?.fields ?? []) {
    const value = options.fields[name] ?? absent;
    if (typeof value !== 'number') continue;
    if (!Number.isFinite(value)) malformed(`${what} has the option ${name} ${value}`);
    if (WINDOW_FIELDS.has(name)) {
      if (!(value >= 1)) malformed(`${what} has the option ${name} ${value}`);
      if (value > limits.windowMax) {
        throw new ModelError('modelTooLarge', `${what} has ${name} ${value}, ${limits.windowMax} is allowed`);
      }
    }
    if (name === 'padding' && !isIndex(value, PADDINGS)) malformed(`${what} has the unknown padding ${value}`);
    if (name === 'fusedActivation' && !isIndex(value, ACTIVATIONS)) {
      malformed(`${what} has the unknown fused activation ${value}`);
    }
  }
}

/** All inputs of an operator are alive at once, and so are all outputs: what cannot fit is refused before prepare. */
function verifyBytes(
  indices: readonly number[],
  verb: string,
  what: string,
  model: TfliteModel,
  limits: ModelLimits,
): void {
  let bytes = 0;
  for (const index of new Set(indices)) {
    const tensor = model.subgraph.tensors[index];
    if (tensor === undefined || model.buffers[tensor.buffer]!.length > 0) continue;
    bytes += tensorBytes(tensor.type, elementsOf(tensor));
  }
  if (bytes > limits.arenaBytesMax) {
    throw new ModelError(
      'modelTooLarge',
      `${what} ${verb} ${bytes} bytes, ${limits.arenaBytesMax} are allowed: use a smaller model`,
    );
  }
}
