import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ModelError } from '../../kernels/errors.ts';
import { createInterpreter, type Interpreter, type InterpreterOptions } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { drawnNetworks } from '../../tools/bench/networks.ts';
import { dataPath, dataTest } from '../support/data.ts';
import { randomInt8, seeded } from '../support/models.ts';
import { createOracle } from '../support/oracle.ts';

const models = suite('whole models');
const tflite = await createOracle();

const load = (file: Uint8Array, options: Partial<InterpreterOptions> = {}): Interpreter =>
  createInterpreter(readModel(file, limits), { engine: createEngine(), limits, keepActivations: false, ...options });

const shared = (name: string): Uint8Array => readFileSync(dataPath('tflite_models', name));

const run = (interpreter: Interpreter, input: Int8Array): Int8Array => {
  interpreter.inputs[0]!.data.set(input);
  interpreter.invoke();
  return Int8Array.from(interpreter.outputs[0]!.data);
};

/** Both packings against TensorFlow Lite on `count` seeded inputs. */
const compare = (file: Uint8Array, count: number, seed: number): void => {
  const theirs = tflite.load(file);
  const ours = (['fast', 'compact'] as const).map((packing) => load(file, { limits: { ...limits, packing } }));
  const [fast, compact] = ours.map(({ arenaBytes }) => arenaBytes);
  // Dense rows take a byte a weight in either.
  const isDense = readModel(file, limits).operatorCodes.every(({ builtin }) => builtin === Builtin.fullyConnected);
  assert.ok(isDense ? compact === fast : compact! < fast!, `compact takes ${compact} bytes, fast ${fast}`);
  const random = seeded(seed);
  const distinct = new Set<number>();
  for (let round = 0; round < count; round++) {
    const input = randomInt8(random, ours[0]!.inputs[0]!.data.length);
    const expected = Int8Array.from(theirs.run(input));
    for (const interpreter of ours) assert.equal(run(interpreter, input), expected, `input ${round}`);
    for (const value of expected) distinct.add(value);
  }
  assert.ok(distinct.size > 2, 'all outputs are equal, the comparison says nothing');
};

const INPUTS = 300;

for (const [at, name] of ['ad01_int8', 'kws_ref_model', 'hello_world_int8', 'micro_speech_quantized'].entries()) {
  dataTest(models, `${name} equals TensorFlow Lite on ${INPUTS} seeded inputs`, 'tflite_models', () =>
    compare(shared(`${name}.tflite`), INPUTS, 100 + at),
  );
}

for (const { name, draw } of drawnNetworks) {
  models(`${name}, drawn from a seed, equals TensorFlow Lite`, () => compare(draw(5), 10, 200));
}

/**
 * 96 × 96 pixels of an uncompressed 8-bit bitmap (BITMAPINFOHEADER), whose rows go from the last to the first. Its
 * bytes are the model's int8 values: the upstream test copies them as they are.
 */
const pixelsOf = (file: Uint8Array): Int8Array => {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  assert.equal([view.getInt32(18, true), view.getInt32(22, true), view.getUint16(28, true)], [96, 96, 8]);
  const offset = view.getUint32(10, true);
  const rows = Array.from({ length: 96 }, (_, row) =>
    file.subarray(offset + (95 - row) * 96, offset + (96 - row) * 96),
  );
  return Int8Array.from(rows.flatMap((row) => Array.from(row)));
};

dataTest(models, 'person_detect tells both bitmaps apart, and equals its plain twin', 'tflite_models', () => {
  const file = shared('person_detect.tflite');
  const [compiled, plain] = [load(file), load(file, { engine: createEngine({ kernels: 'plain' }) })];
  // Classes: no person, person.
  for (const [bitmap, expected] of [
    ['person.bmp', 1],
    ['no_person.bmp', 0],
  ] as const) {
    const input = pixelsOf(shared(bitmap));
    const scores = run(compiled, input);
    assert.equal(scores, run(plain, input), bitmap);
    assert.is(scores[1]! > scores[0]! ? 1 : 0, expected, `${bitmap}: ${scores}`);
  }
  const random = seeded(300);
  for (let round = 0; round < 20; round++) {
    const input = randomInt8(random, 96 * 96);
    assert.equal(run(compiled, input), run(plain, input), `input ${round}`);
  }
});

dataTest(models, 'the audio front end is refused, and its operators are named', 'tflite_models', () => {
  assert.throws(
    () => load(shared('audio_preprocessor_int8.tflite')),
    (error: unknown) =>
      error instanceof ModelError && error.code === 'unsupportedOperator' && /\d+ CUSTOM "Signal/.test(error.message),
  );
});

models('activations take at most 1.15 times what is alive at once', () => {
  const files = drawnNetworks.map(({ draw }) => draw(6));
  for (const file of files) {
    const { plannedBytes, aliveBytesMax } = load(file).memory;
    assert.ok(plannedBytes <= 1.15 * aliveBytesMax, `${plannedBytes} bytes planned, ${aliveBytesMax} alive`);
  }
});

models.run();
