import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { ModelBuilder, perChannel, perTensor, seeded } from '../support/models.ts';
import { refusalOf } from '../support/refusal.ts';

const hostile = suite('convolutions that a hostile file describes');

interface Description {
  readonly operator: 'conv' | 'depthwise' | 'transposed';
  readonly input: readonly number[];
  readonly filter: readonly number[];
  readonly output: readonly number[];
  readonly window: Readonly<Record<string, number>>;
  readonly weightScales: readonly number[];
  readonly weightZeroPoint: number;
  readonly bias: number;
  readonly types: readonly [input: number, weights: number, output: number];
}

const { int8, int16, int32, uint8, float32 } = TensorType;

const good: Description = {
  operator: 'conv',
  input: [1, 6, 6, 4],
  filter: [5, 3, 3, 4],
  output: [1, 6, 6, 5],
  window: { padding: 0, strideH: 1, strideW: 1 },
  weightScales: [0.01],
  weightZeroPoint: 0,
  bias: 5,
  types: [int8, int8, int8],
};

const elementsOf = (shape: readonly number[]): number => shape.reduce((product, dimension) => product * dimension, 1);

const write = ({ operator, types, window, ...given }: Description): Uint8Array => {
  const builder = new ModelBuilder();
  const quantisation = (type: number) => (type === float32 ? null : perTensor(0.05, 0));
  const bytes = elementsOf(given.filter) * (types[1] === float32 ? 4 : 1);
  const scales = perChannel(
    given.weightScales,
    given.weightScales.map(() => given.weightZeroPoint),
  );
  const input = builder.tensor(types[0], given.input, quantisation(types[0]));
  const weights = builder.tensor(types[1], given.filter, scales, new Uint8Array(bytes).fill(1));
  const bias = builder.tensor(int32, [given.bias], null, new Int32Array(given.bias));
  const output = builder.tensor(types[2], given.output, quantisation(types[2]));
  if (operator === 'conv') {
    builder.operator(Builtin.conv2d, [input, weights, bias], [output], ['Conv2D', window]);
  } else if (operator === 'depthwise') {
    builder.operator(Builtin.depthwiseConv2d, [input, weights, bias], [output], ['DepthwiseConv2D', window]);
  } else {
    const shape = builder.tensor(int32, [4], null, Int32Array.from(given.output));
    builder.operator(Builtin.transposeConv, [shape, weights, input, bias], [output], ['TransposeConv', window]);
  }
  return writeModel(builder.build([input], [output]));
};

const engine = createEngine({ memoryBytes: 8 << 20 });

/** Loads and runs the file; the error's code, or null. */
const attempt = (file: Uint8Array) => {
  const mark = engine.usedBytes;
  try {
    return refusalOf(() =>
      createInterpreter(readModel(file, limits), { engine, limits, keepActivations: false }).invoke(),
    );
  } finally {
    engine.release(mark);
  }
};

const window = (change: Readonly<Record<string, number>>) => ({ window: { ...good.window, ...change } });
const depthwise = { operator: 'depthwise', filter: [1, 3, 3, 4], output: [1, 6, 6, 4], bias: 4 } as const;
const transposed = { operator: 'transposed' } as const;

const BAD: Readonly<Record<string, Partial<Description>>> = {
  'a stride of 0': window({ strideH: 0 }),
  'a negative stride': window({ strideW: -1 }),
  'a dilation of 0': window({ dilationW: 0 }),
  'a negative dilation': window({ dilationH: -2_147_483_648 }),
  'an unknown padding': window({ padding: 2 }),
  'an activation that is no clamp': window({ fusedActivation: 4 }),
  'an unknown activation': window({ fusedActivation: -1 }),
  'a dilation beyond every input': window({ dilationH: 2_147_483_647, dilationW: 2_147_483_647 }),
  'a window larger than the input': { ...window({ padding: 1, dilationH: 3 }), output: [1, 1, 4, 5] },
  'an output of the wrong height': { output: [1, 5, 6, 5] },
  'an output of the wrong batch': { output: [2, 6, 6, 5] },
  'an output of the wrong channels': { output: [1, 6, 6, 4] },
  'an output of three dimensions': { output: [6, 6, 5] },
  'a filter of two dimensions': { filter: [5, 36] },
  'a filter of too many channels': { filter: [5, 3, 3, 8] },
  'groups that do not divide the outputs': { filter: [5, 3, 3, 2] },
  'sums beyond int32': { input: [1, 6, 6, 4000], filter: [5, 3, 3, 4000] },
  'scales of another dimension': { weightScales: [1, 2, 3, 4] },
  'weights with a zero point': { weightZeroPoint: 3 },
  'a bias of another length': { bias: 4 },
  'factors below float32': { weightScales: [1e-45] },
  'uint8 values': { types: [uint8, uint8, uint8] },
  'int16 weights': { types: [int8, int16, int8], filter: [5, 3, 3, 4] },
  'float32 values with int8 weights': { types: [float32, int8, float32] },
  'int16 values that become int8': { types: [int16, int8, int8] },
  'a depthwise filter of several rows': { ...depthwise, filter: [2, 3, 3, 4] },
  'a depthwise filter of channels that do not divide': { ...depthwise, filter: [1, 3, 3, 6], output: [1, 6, 6, 6] },
  'a transposed output that the window does not lead back from': { ...transposed, output: [1, 7, 6, 5] },
  'a transposed filter of other channels': { ...transposed, filter: [5, 3, 3, 3] },
};

for (const [what, change] of Object.entries(BAD)) {
  hostile(`${what} is refused`, () => {
    assert.equal(attempt(write(good)), null, 'the good model runs');
    const found = attempt(write({ ...good, ...change }));
    assert.not.equal(found, null, 'it runs');
  });
}

hostile('2000 random windows are refused, or run', () => {
  const random = seeded(51);
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;
  const wild = () => pick([-1, 0, 1, 1, 1, 2, 3, 7, 65_536, 2_147_483_647, -2_147_483_648]);
  const size = () => pick([1, 1, 2, 3, 6, 9]);
  const found = { refused: 0, run: 0 };
  for (let round = 0; round < 2000; round++) {
    const operator = pick(['conv', 'depthwise', 'transposed'] as const);
    const channels = pick([1, 2, 4]);
    const filter =
      operator === 'depthwise' ? [1, size(), size(), channels] : [channels, size(), size(), pick([1, 2, 4])];
    const file = write({
      ...good,
      operator,
      input: [1, size(), size(), pick([1, 2, 4])],
      filter,
      output: [1, size(), size(), channels],
      window: { padding: pick([0, 1]), strideH: wild(), strideW: wild(), dilationH: wild(), dilationW: wild() },
      bias: channels,
    });
    if (attempt(file) === null) found.run++;
    else found.refused++;
  }
  assert.ok(found.run > 10 && found.refused > 100, `${found.run} ran, ${found.refused} were refused`);
});

hostile.run();
