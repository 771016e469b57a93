import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import type { Operator, Tensor, TfliteModel } from '../../kernels/tflite/model.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { dataPath, dataTest } from '../support/data.ts';
import { denseNet } from '../support/dense-net.ts';
import { ModelBuilder, perChannel, perTensor, seeded } from '../support/models.ts';
import { refusalOf } from '../support/refusal.ts';

const hostile = suite('hostile model files');

const MILLISECONDS_MAX = 1000;
const engine = createEngine();

/** Loads and runs; returns the code of the refusal or null. Frees the engine for the next file. */
const loadAndRun = (file: Uint8Array): string | null => {
  const mark = engine.usedBytes;
  const started = performance.now();
  const refusal = refusalOf(() => {
    const interpreter = createInterpreter(readModel(file, limits), { engine, limits, keepActivations: true });
    interpreter.invoke(interpreter.createAdapterSet({ rank: 2, scaling: 1 }));
  });
  engine.release(mark);
  assert.ok(performance.now() - started < MILLISECONDS_MAX, 'took longer than a second');
  return refusal;
};

const ours = (): TfliteModel =>
  denseNet(seeded(41), {
    sizes: [6, 8, 4],
    perChannel: true,
    activation: 1,
    ending: 'softmax',
    floatEnds: false,
    withBias: true,
  });

type Register = (name: string, run: () => void) => void;

/** A good file cut short, if it is there, which `register` knows. What is random is in test/fuzz. */
const attack = (name: string, register: Register, read: () => Uint8Array): void => {
  register(`${name} cut off at every 64th`, () => {
    const file = read();
    let refused = 0;
    for (let part = 0; part < 64; part++) {
      if (loadAndRun(file.subarray(0, Math.floor((file.length * part) / 64))) !== null) refused++;
    }
    assert.ok(refused >= 63, `${64 - refused} cut files were taken for whole ones`);
  });
};

attack(
  'our own network',
  (name, run) => hostile(name, run),
  () => writeModel(ours()),
);
for (const name of ['ad01_int8', 'hello_world_int8', 'kws_ref_model']) {
  const register: Register = (what, run) => dataTest(hostile, what, 'tflite_models', run);
  attack(name, register, () => readFileSync(dataPath('tflite_models', `${name}.tflite`)));
}

/** Rewrites our network with one tensor or operator changed. */
const withTensor = (index: number, change: Partial<Tensor>): Uint8Array => {
  const model = ours();
  const tensors = model.subgraph.tensors.with(index, { ...model.subgraph.tensors[index]!, ...change });
  return writeModel({ ...model, subgraph: { ...model.subgraph, tensors } });
};
const withOperator = (index: number, change: Partial<Operator>): Uint8Array => {
  const model = ours();
  const operators = model.subgraph.operators.with(index, { ...model.subgraph.operators[index]!, ...change });
  return writeModel({ ...model, subgraph: { ...model.subgraph, operators } });
};
const quantised = (scale: number, zeroPoint: number): Partial<Tensor> => ({
  quantisation: perTensor(scale, zeroPoint),
});

/** Tensors of `ours()`: 0 input, 1 weights [8, 6], 2 bias, 3 hidden, 4 weights, 5 bias, 6 logits, 7 probabilities. */
const targeted: readonly [what: string, code: string, file: () => Uint8Array][] = [
  ['an empty file', 'malformedModel', () => new Uint8Array(0)],
  ['a file of zeros', 'malformedModel', () => new Uint8Array(4096)],
  ['text', 'malformedModel', () => new TextEncoder().encode('node,segment,t_ms,label,x\n'.repeat(20))],
  ['a dimension of 0', 'malformedModel', () => withTensor(0, { shape: [1, 0] })],
  ['a negative dimension', 'malformedModel', () => withTensor(0, { shape: [1, -6] })],
  ['a million squared', 'modelTooLarge', () => withTensor(0, { shape: [1_000_000, 1_000_000] })],
  ['eight dimensions of 2^31', 'modelTooLarge', () => withTensor(0, { shape: new Array(8).fill(0x7fffffff) })],
  ['nine dimensions', 'modelTooLarge', () => withTensor(0, { shape: new Array(9).fill(1) })],
  ['an unknown type', 'unsupportedModel', () => withTensor(0, { type: 77 })],
  ['a buffer that is not there', 'malformedModel', () => withTensor(1, { buffer: 99 })],
  ['a constant of the wrong length', 'malformedModel', () => withTensor(1, { shape: [8, 7] })],
  ['a scale of 0', 'malformedModel', () => withTensor(0, quantised(0, 0))],
  ['a negative scale', 'malformedModel', () => withTensor(0, quantised(-1, 0))],
  ['a scale of NaN', 'malformedModel', () => withTensor(0, quantised(Number.NaN, 0))],
  ['an infinite scale', 'malformedModel', () => withTensor(0, quantised(Number.POSITIVE_INFINITY, 0))],
  ['a zero point outside int8', 'malformedModel', () => withTensor(0, quantised(1, 128))],
  [
    'scales for other channels',
    'malformedModel',
    () =>
      withTensor(1, {
        quantisation: { ...perTensor(1, 0), scale: new Float32Array(3).fill(1), zeroPoint: new Int32Array(3) },
      }),
  ],
  ...[1, -1, 9].map((quantizedDimension): [string, string, () => Uint8Array] => [
    `weights quantised per channel along dimension ${quantizedDimension}`,
    'malformedModel',
    () => withTensor(1, { quantisation: { ...perChannel(new Array(8).fill(1)), quantizedDimension } }),
  ]),
  ['an operator code that is not there', 'malformedModel', () => withOperator(0, { opcodeIndex: 50 })],
  ['an input that is not there', 'malformedModel', () => withOperator(0, { inputs: [88, 1, 2] })],
  ['an input of -2', 'malformedModel', () => withOperator(0, { inputs: [-2, 1, 2] })],
  ['an output of -1', 'malformedModel', () => withOperator(0, { outputs: [-1] })],
  ['operators in a circle', 'malformedModel', () => withOperator(0, { inputs: [6, 1, 2] })],
  ['an operator that reads its own output', 'malformedModel', () => withOperator(0, { inputs: [3, 1, 2] })],
  ['a tensor written twice', 'malformedModel', () => withOperator(1, { outputs: [3] })],
  ['a constant that is written', 'malformedModel', () => withOperator(0, { outputs: [1] })],
  ['a dense layer without weights', 'unsupportedOperator', () => withOperator(0, { inputs: [0] })],
  ['weights left out', 'unsupportedOperator', () => withOperator(0, { inputs: [0, -1, 2] })],
  [
    'a softmax with beta NaN',
    'malformedModel',
    () => withOperator(2, { options: { type: 9, fields: { beta: Number.NaN } } }),
  ],
  [
    'a fused TANH',
    'unsupportedOperator',
    () => withOperator(0, { options: { type: 8, fields: { fusedActivation: 4 } } }),
  ],
  ['a softmax of another output scale', 'unsupportedOperator', () => withTensor(7, quantised(0.1, 0))],
  ['weights with a zero point', 'unsupportedOperator', () => withTensor(1, quantised(0.01, 5))],
  ['scales whose product vanishes', 'unsupportedOperator', () => withTensor(0, quantised(1e-44, 0))],
  ['float32 activations', 'unsupportedOperator', () => withTensor(3, { type: TensorType.float32, quantisation: null })],
];

for (const [what, code, file] of targeted) {
  hostile(`${what} is refused as ${code}`, () => assert.is(loadAndRun(file()), code));
}

hostile('an unknown operator is named with its place', () => {
  const builder = new ModelBuilder();
  const input = builder.int8([1, 4], perTensor(1, 0));
  const output = builder.int8([1, 4], perTensor(1, 0));
  const model = builder.operator(47, [input], [output], null).build([input], [output]);
  assert.throws(() => createInterpreter(model, { engine, limits, keepActivations: false }), /0 EXP/);
});

hostile('limits are kept before memory is taken', () => {
  const file = writeModel(ours());
  assert.is(
    refusalOf(() => readModel(file, { ...limits, modelBytesMax: file.length - 1 })),
    'modelTooLarge',
  );
  assert.is(
    refusalOf(() => readModel(file, { ...limits, tensorsMax: 7 })),
    'modelTooLarge',
  );
  assert.is(
    refusalOf(() => readModel(file, { ...limits, operatorsMax: 2 })),
    'modelTooLarge',
  );
  assert.is(
    refusalOf(() => readModel(file, { ...limits, nameBytesMax: 1 })),
    'modelTooLarge',
  );
  const mark = engine.usedBytes;
  let accepted = 0;
  for (let arenaBytesMax = 0; arenaBytesMax < 8000; arenaBytesMax += 16) {
    const options = { engine, limits: { ...limits, arenaBytesMax }, keepActivations: false };
    const outcome = refusalOf(() => {
      const { arenaBytes } = createInterpreter(readModel(file, limits), options);
      assert.ok(arenaBytes <= arenaBytesMax, `took ${arenaBytes} of ${arenaBytesMax} bytes`);
    });
    if (outcome === null) accepted++;
    else {
      assert.is(outcome, 'modelTooLarge');
      assert.is(engine.usedBytes, mark, 'a refused model keeps memory');
    }
    engine.release(mark);
  }
  assert.ok(accepted > 0 && accepted < 500, `${accepted} of 500 limits suffice`);
});

hostile('many tensors that share one long name do not multiply the work', () => {
  // 4,000 tensors that all name the same 4,000 bytes would be 16 MB of text out of a file of 250 KB.
  const name = 'n'.repeat(4000);
  const model = ours();
  const [first, ...rest] = model.subgraph.tensors;
  const more = Array.from({ length: 4000 }, () => ({ ...first!, name: 'x' }));
  const tensors = [{ ...first!, name }, ...rest, ...more];
  const file = writeModel({ ...model, subgraph: { ...model.subgraph, tensors } });
  assert.is(loadAndRun(file), null);
  assert.throws(() => readModel(pointAllNamesAt(file, name), limits), /overlaps other parts/);
});

/** Redirects every string "x" of the file to the long one by making the offsets to it point there. */
function pointAllNamesAt(file: Uint8Array, name: string): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const long = Buffer.from(file).indexOf(name) - 4;
  for (let at = 0; at + 4 <= file.length; at += 4) {
    const target = at + view.getUint32(at, true);
    const isName =
      target + 8 <= file.length && target > at && view.getUint32(target, true) === 1 && file[target + 4] === 120;
    if (isName && long > at) view.setUint32(at, long - at, true);
  }
  return file;
}

hostile.run();
