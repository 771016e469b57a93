import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createInterpreter, type Interpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import type { Tensor, TfliteModel } from '../../kernels/tflite/model.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { countTypedArrays } from '../support/count-typed-arrays.ts';
import { dice } from '../support/dice.ts';
import { perTensor } from '../support/models.ts';
import { integers, type OperatorTensorCase, oneOperator } from '../support/one-operator.ts';
import { refusalOf, refuses } from '../support/refusal.ts';

const hostile = suite('hostile moves, cuts and pools');

const { int8, int16 } = TensorType;
const at = (...shape: number[]): OperatorTensorCase => ({ type: int8, shape });
const two = (...values: number[]): OperatorTensorCase => ({ ...integers(...values), shape: [values.length / 2, 2] });
const scalar = (value: number): OperatorTensorCase => ({ ...integers(value), shape: [] });

const slice = (begin: number, end: number, stride: number, masks = {}, output = at(2, 3)): TfliteModel =>
  oneOperator(
    Builtin.stridedSlice,
    [at(2, 6), integers(0, begin), integers(2, end), integers(1, stride)],
    [output],
    ['StridedSlice', masks],
  );

const pad = (paddings: OperatorTensorCase, output: OperatorTensorCase): TfliteModel =>
  oneOperator(Builtin.pad, [at(2, 3), paddings], [output], ['Pad', {}]);

hostile('paddings', () => {
  refuses(pad(two(0, 0, -1, 1), at(2, 3)), /negative padding/);
  refuses(pad(two(0, 0, 2147483647, 1), at(2, 3)), /follows/);
  refuses(pad(two(0, 0), at(2, 3)), /2 paddings for the 2 dimensions/);
  refuses(pad(two(0, 0, 1, 1), at(2, 4)), /where \[2,5\] follows/);
  refuses(pad({ type: TensorType.int32, shape: [2, 2] }, at(2, 3)), /needs a constant as input 1/);
  refuses(pad({ type: TensorType.float32, shape: [2, 2], data: new Float32Array(4) }, at(2, 3)), /float32/);
  refuses(pad(two(0, 0, 0, 0), { type: int16, shape: [2, 3] }), /int8 where it takes int16|int16 where it takes int8/);
  const mirror = (mode: number, paddings: OperatorTensorCase, output: OperatorTensorCase): TfliteModel =>
    oneOperator(Builtin.mirrorPad, [at(2, 3), paddings], [output], ['MirrorPad', { mode }]);
  refuses(mirror(0, two(2, 0, 0, 0), at(4, 3)), /mirrors more/);
  refuses(mirror(1, two(3, 0, 0, 0), at(5, 3)), /mirrors more/);
  refuses(mirror(2, two(1, 0, 0, 0), at(3, 3)), /unknown way/);
  const value = (tensor: OperatorTensorCase): TfliteModel =>
    oneOperator(Builtin.padv2, [at(2, 3), two(0, 0, 0, 1), tensor], [at(2, 4)], ['PadV2', {}]);
  refuses(value(at(1)), /not constant/);
  refuses(value({ ...at(2), data: new Int8Array(2) }), /2 values/);
  refuses(value({ ...at(1), data: new Int8Array(1), quantisation: perTensor(1, 0) }), /another scale/);
});

hostile('slices', () => {
  refuses(slice(0, 3, 0), /stride of 0/);
  refuses(slice(3, 3, 1), /takes nothing/);
  refuses(slice(4, 1, 1), /takes nothing/);
  refuses(slice(100, 200, 1), /takes nothing/);
  refuses(slice(0, 100, 1), /where \[2,6\] follows/);
  refuses(slice(0, 3, -2147483648), /takes nothing/);
  refuses(slice(5, 0, -2147483648), /where \[2,1\] follows/);
  refuses(slice(6, 3, 1, { shrinkAxisMask: 2 }, at(2)), /takes element 6 of 6/);
  refuses(slice(-7, 3, 1, { shrinkAxisMask: 2 }, at(2)), /takes element -7 of 6/);
  refuses(slice(0, 3, -1, { shrinkAxisMask: 2 }, at(2)), /by a stride of -1/);
  refuses(slice(0, 3, 1, { ellipsisMask: 3 }), /more than one ellipsis/);
  refuses(slice(0, 3, 1, { offset: true }), /counts its ends/);
  const uneven = oneOperator(
    Builtin.stridedSlice,
    [at(2, 6), integers(0, 0), integers(2), integers(1, 1)],
    [at(2, 6)],
    ['StridedSlice', {}],
  );
  refuses(uneven, /2 begins, 1 ends/);
  const many = oneOperator(
    Builtin.stridedSlice,
    [at(6), integers(0, 0), integers(2, 2), integers(1, 1)],
    [at(2, 2)],
    ['StridedSlice', {}],
  );
  refuses(many, /slices 2 dimensions of a tensor that has 1/);
});

hostile('axes, permutations and parts', () => {
  const join = (axis: number, output: OperatorTensorCase, second = at(2, 3)): TfliteModel =>
    oneOperator(Builtin.concatenation, [at(2, 3), second], [output], ['Concatenation', { axis }]);
  refuses(join(2, at(2, 6)), /names axis 2/);
  refuses(join(-3, at(2, 6)), /names axis -3/);
  refuses(join(1, at(2, 7)), /joins 6 elements/);
  refuses(join(0, at(2, 6)), /follows/);
  refuses(join(1, at(2, 6), at(3, 3)), /follows/);
  refuses(join(1, at(2, 6), { type: int16, shape: [2, 3] }), /int8/);
  const turn = (permutation: number[], output = at(3, 2)): TfliteModel =>
    oneOperator(Builtin.transpose, [at(2, 3), integers(...permutation)], [output], ['Transpose', {}]);
  refuses(turn([1, 1]), /permutes/);
  refuses(turn([1]), /permutes/);
  refuses(turn([1, 2]), /names axis 2/);
  refuses(turn([1, 0], at(2, 3)), /where \[3,2\] follows/);
  const cut = (axis: number, count: number, parts: OperatorTensorCase[]): TfliteModel =>
    oneOperator(Builtin.split, [scalar(axis), at(2, 6)], parts, ['Split', { numSplits: count }]);
  refuses(cut(5, 2, [at(2, 3), at(2, 3)]), /names axis 5/);
  refuses(cut(1, 3, [at(2, 3), at(2, 3)]), /makes 3 parts for 2/);
  refuses(cut(1, 4, [at(2, 1), at(2, 2), at(2, 1), at(2, 2)]), /into 4 parts/);
  refuses(cut(1, 2, [at(2, 3), at(2, 4)]), /follows/);
  const sized = (sizes: number[]): TfliteModel =>
    oneOperator(
      Builtin.splitV,
      [at(2, 6), integers(...sizes), scalar(1)],
      [at(2, 3), at(2, 3)],
      ['SplitV', { numSplits: 2 }],
    );
  refuses(sized([3, 4]), /into \[3,4\]/);
  refuses(sized([7, -1]), /into \[7,-1\]/);
  refuses(sized([6, 0]), /into \[6,0\]/);
  refuses(sized([-1, -1]), /into/);
  refuses(sized([2147483647, -2147483641]), /into/);
  refuses(sized([1, 2, 3]), /3 sizes/);
  const stack = (axis: number, count: number, output = at(2, 2, 3)): TfliteModel =>
    oneOperator(Builtin.pack, [at(2, 3), at(2, 3)], [output], ['Pack', { axis, valuesCount: count }]);
  refuses(stack(4, 2), /names axis 4/);
  refuses(stack(0, 3), /speaks of 3 slices/);
  refuses(stack(0, 2, at(3, 2, 3)), /has 2 slices along dimension 0/);
  const squeeze = (dims: number[], output: OperatorTensorCase): TfliteModel =>
    oneOperator(Builtin.squeeze, [at(1, 3)], [output], ['Squeeze', { squeezeDims: dims }]);
  refuses(squeeze([1], at(1)), /which is not 1/);
  refuses(squeeze([7], at(3)), /names axis 7/);
  refuses(squeeze([], at(1, 3)), /where \[3\] follows/);
  const resize = (height: number, output: OperatorTensorCase): TfliteModel =>
    oneOperator(
      Builtin.resizeNearestNeighbor,
      [at(1, 2, 2, 1), integers(height, 2)],
      [output],
      ['ResizeNearestNeighbor', {}],
    );
  for (const height of [0, -1, 1_000_000]) refuses(resize(height, at(1, 4, 2, 1)), /follows/);
  const halves = { type: TensorType.int4, shape: [2, 3], quantisation: null };
  refuses(
    oneOperator(Builtin.transpose, [halves, integers(1, 0)], [{ ...halves, shape: [3, 2] }], ['Transpose', {}]),
    /no whole bytes/,
  );
});

/** One sound model for each operator, small enough that any number in it may be changed. */
const SOUND: readonly TfliteModel[] = [
  slice(5, 0, -2),
  pad(two(0, 1, 2, 0), at(3, 5)),
  oneOperator(
    Builtin.padv2,
    [at(2, 3), two(1, 0, 0, 1), { ...at(1), data: Int8Array.of(9) }],
    [at(3, 4)],
    ['PadV2', {}],
  ),
  oneOperator(Builtin.mirrorPad, [at(2, 3), two(1, 1, 2, 0)], [at(4, 5)], ['MirrorPad', { mode: 1 }]),
  oneOperator(Builtin.transpose, [at(2, 3, 4), integers(2, 0, 1)], [at(4, 2, 3)], ['Transpose', {}]),
  oneOperator(
    Builtin.concatenation,
    [at(2, 3), at(2, 4)],
    [at(2, 7)],
    ['Concatenation', { axis: -1, fusedActivation: 1 }],
  ),
  oneOperator(Builtin.split, [scalar(1), at(2, 6)], [at(2, 3), at(2, 3)], ['Split', { numSplits: 2 }]),
  oneOperator(
    Builtin.splitV,
    [at(2, 6), integers(2, -1), scalar(1)],
    [at(2, 2), at(2, 4)],
    ['SplitV', { numSplits: 2 }],
  ),
  oneOperator(Builtin.pack, [at(2, 3), at(2, 3)], [at(2, 2, 3)], ['Pack', { axis: 1, valuesCount: 2 }]),
  oneOperator(Builtin.unpack, [at(2, 2, 3)], [at(2, 3), at(2, 3)], ['Unpack', { axis: 1, num: 2 }]),
  oneOperator(Builtin.squeeze, [at(1, 3)], [at(3)], ['Squeeze', { squeezeDims: [0] }]),
  oneOperator(Builtin.expandDims, [at(3), scalar(0)], [at(1, 3)], ['ExpandDims', {}]),
  oneOperator(
    Builtin.resizeNearestNeighbor,
    [at(1, 2, 3, 2), integers(3, 5)],
    [at(1, 3, 5, 2)],
    ['ResizeNearestNeighbor', {}],
  ),
  oneOperator(Builtin.mean, [at(1, 4, 3, 2), integers(1, 2)], [at(1, 1, 1, 2)], ['Reducer', { keepDims: true }]),
  ...[Builtin.averagePool2d, Builtin.maxPool2d].map((code) =>
    oneOperator(
      code,
      [at(1, 5, 4, 3)],
      [at(1, 3, 2, 3)],
      ['Pool2D', { padding: 0, strideH: 2, strideW: 2, filterHeight: 3, filterWidth: 2, fusedActivation: 0 }],
    ),
  ),
];

const NUMBERS = [-2147483648, -1_000_000, -7, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 12, 255, 1_000_000, 2147483647];
const MUTATIONS = 4_000;

hostile(`${MUTATIONS} sound models with some numbers changed: refused, or within their own memory`, () => {
  const { random, whole, pick } = dice(91);
  // Small, so that all of it can be looked at every time.
  const engine = createEngine({ memoryBytes: 1 << 17, kernels: 'plain' });
  let ran = 0;
  const started = performance.now();
  for (let round = 0; round < MUTATIONS; round++) {
    const model = mutate(SOUND[round % SOUND.length]!, { random, whole, pick });
    const mark = engine.usedBytes;
    // A pattern that none of the values has, so that zeros written over zeros show too.
    engine.uint8.fill(0x5a, mark);
    const refusal = refusalOf(() => {
      const interpreter = createInterpreter(model, { engine, limits, keepActivations: false });
      for (const { data } of interpreter.inputs) data.set(data.map((_, index) => index));
      const before = engine.uint8.slice();
      interpreter.invoke();
      ran++;
      const changed = changedOutside(before, engine.uint8, interpreter);
      // The sums of MEAN lie beside its tensors, in its scratch.
      const own = model.operatorCodes[0]!.builtin === Builtin.mean ? engine.usedBytes : 0;
      assert.ok(
        changed.every((byte) => byte >= mark && byte < own),
        `round ${round} wrote outside of its output`,
      );
    });
    assert.ok(refusal === null || refusal === 'unsupportedOperator' || refusal === 'modelTooLarge', String(refusal));
    engine.release(mark);
  }
  assert.ok(ran > MUTATIONS / 20, `only ${ran} models ran`);
  assert.ok(performance.now() - started < 60_000, 'some mutants take too long');
});

/** Addresses that another value was written to, those of the outputs left out. */
const changedOutside = (before: Uint8Array, after: Uint8Array, { outputs }: Interpreter): number[] => {
  const changed: number[] = [];
  for (let byte = 0; byte < before.length; byte++) {
    if (before[byte] === after[byte]) continue;
    const inside = outputs.some(({ data }) => byte >= data.byteOffset && byte < data.byteOffset + data.byteLength);
    if (!inside) changed.push(byte);
  }
  return changed;
};

/** Changes one to three numbers: of a constant, of the options, or of a shape (as far as the verifier lets it). */
const mutate = (
  model: TfliteModel,
  chance: Pick<ReturnType<typeof dice>, 'random' | 'whole' | 'pick'>,
): TfliteModel => {
  const { random, whole, pick } = chance;
  const operator = model.subgraph.operators[0]!;
  const fields = { ...operator.options!.fields };
  const buffers = model.buffers.map((bytes) => bytes.slice());
  const tensors = model.subgraph.tensors.map((tensor): Tensor => ({ ...tensor, shape: [...tensor.shape] }));
  for (let change = whole(1, 3); change > 0; change--) {
    const name = pick(Object.keys(fields).concat('none'));
    const tensor = pick(tensors);
    const bytes = buffers[tensor.buffer]!;
    if (bytes.length >= 4) {
      new DataView(bytes.buffer).setInt32(4 * whole(0, bytes.length / 4 - 1), pick(NUMBERS), true);
    } else if (random() < 0.5 && typeof fields[name] === 'number') {
      fields[name] = pick(NUMBERS);
    } else if (tensor.shape.length > 0 && bytes.length === 0) {
      const shape = tensor.shape as number[];
      shape[whole(0, shape.length - 1)] = pick([1, 2, 3, 4, 5, 6, 7]);
    }
  }
  const changed = { ...operator, options: { ...operator.options!, fields } };
  return { ...model, buffers, subgraph: { ...model.subgraph, tensors, operators: [changed] } };
};

hostile('none of these operators constructs a typed array when it runs', () => {
  for (const model of SOUND) {
    const engine = createEngine({ memoryBytes: 4 << 20 });
    const interpreter = createInterpreter(model, { engine, limits, keepActivations: false });
    const constructed = countTypedArrays(() => {
      for (let round = 0; round < 100; round++) interpreter.invoke();
    });
    assert.is(constructed, 0, `operator ${model.operatorCodes[0]!.builtin}`);
  }
});

hostile.run();
