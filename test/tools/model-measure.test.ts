import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ModelError } from '../../kernels/errors.ts';
import { type InferenceEngine, ownEngine } from '../../kernels/inference-engine.ts';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { benchModel } from '../../tools/model/measure/bench.ts';
import { compareEngines } from '../../tools/model/measure/compare.ts';
import { printBench, printComparison, printProfile } from '../../tools/model/measure/print.ts';
import { profileModel } from '../../tools/model/measure/profile.ts';
import { createInputs } from '../../tools/model/measure/random-inputs.ts';
import { Sampler } from '../../tools/model/measure/sampler.ts';
import { denseNet } from '../support/dense-net.ts';
import { seeded } from '../support/models.ts';

const bundle = fileURLToPath(new URL('../../dist/myrmexctl.js', import.meta.url));
const model = (...args: string[]) => spawnSync(process.execPath, [bundle, 'model', ...args], { encoding: 'utf8' });

const measure = suite('myrmexctl model bench, profile and compare');

const folder = mkdtempSync(join(tmpdir(), 'myrmex-measure-'));
measure.after(() => rmSync(folder, { recursive: true, force: true }));

const NET = { sizes: [40, 24, 5], perChannel: true, activation: 1, ending: 'softmax', withBias: true } as const;
const file = writeModel(denseNet(seeded(81), { ...NET, floatEnds: false }));
const path = join(folder, 'model.tflite');
writeFileSync(path, file);

/** Our engine, with one output value changed on some inputs. */
const spoiled = (every: number, by: number, numerics: InferenceEngine['numerics'] = 'fp32-rne'): InferenceEngine => ({
  name: 'spoiled',
  numerics,
  load(bytes) {
    const model = ownEngine('wasm').load(bytes, limits);
    let count = 0;
    const invoke = (): void => {
      model.invoke();
      const { data } = model.outputs[0]!;
      if (count++ % every === every - 1) data[2] = data[2]! + (data[2]! > 0 ? -by : by);
    };
    return { ...model, invoke };
  },
});

measure('the operators of an interpreter, one by one, are one inference', () => {
  const load = () =>
    createInterpreter(readModel(file, limits), { engine: createEngine(), limits, keepActivations: false });
  const [whole, pieces] = [load(), load()];
  const draw = createInputs(3);
  for (let round = 0; round < 20; round++) {
    draw(whole.inputs);
    pieces.inputs[0]!.data.set(whole.inputs[0]!.data);
    whole.invoke();
    for (const operator of [0, 1, 2]) pieces.runOperator(operator);
    assert.equal(pieces.outputs[0]!.data, whole.outputs[0]!.data, `round ${round}`);
  }
  assert.equal(
    [0, 1, 2].map((operator) => pieces.multiplyAddsOf(operator)),
    [40 * 24, 24 * 5, 0],
  );
});

measure('bench --json ends with the promised object', () => {
  const { stdout, status } = model('bench', path, '--engine', 'wasm', '--runs', '2', '--json');
  assert.is(status, 0);
  const report = JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
  assert.equal(Object.keys(report), ['model', 'engines']);
  assert.is(report.model, path);
  assert.is(report.engines.length, 1);
  const [{ name, p50Us, p99Us, macsPerSecond }] = report.engines;
  assert.is(name, 'wasm');
  assert.ok(p50Us > 0 && p99Us >= p50Us, `${p50Us} ${p99Us}`);
  // The rate is the model's multiply-adds over the median.
  assert.ok(Math.abs((macsPerSecond * p50Us) / 1e6 / (40 * 24 + 24 * 5) - 1) < 0.01, `${macsPerSecond}`);
});

measure('bench measures engines in turn, and leaves out a native one that refuses the model', () => {
  const lines: string[] = [];
  const slow: InferenceEngine = {
    name: 'slow',
    numerics: 'reference',
    load: (bytes) => ({ ...ownEngine('wasm').load(bytes, limits), timeNs: (calls) => calls * 40_000 }),
  };
  const native: InferenceEngine = {
    name: 'native',
    numerics: 'tflite-builtin',
    load: () => {
      throw new ModelError('unsupportedModel', 'not this one');
    },
  };
  const report = benchModel('m', file, [ownEngine('wasm'), slow, native], 2, (line) => lines.push(line));
  assert.equal(
    report.engines.map(({ name, numerics }) => [name, numerics]),
    [
      ['wasm', 'fp32-rne'],
      ['slow', 'reference'],
    ],
  );
  // A clock of an engine of its own is believed: 40 us.
  assert.equal([report.engines[1]!.p50Us, report.engines[1]!.p99Us], [40, 40]);
  assert.equal(lines, ['native is left out: not this one']);
  assert.match(printBench(report), /slow +40\.00 us/);
});

measure('a sampler calls until the clock can tell, and its quantiles are those of its batches', () => {
  let [calls, biggest] = [0, 0];
  const sampler = new Sampler((count) => {
    calls += count;
    biggest = Math.max(biggest, count);
    return count * (calls > 1_000_000 ? 200 : 100);
  });
  const warm = calls;
  for (let turn = 0; turn < 10; turn++) sampler.take();
  assert.ok(biggest >= 1e6 / 200, `batches of ${biggest}`);
  assert.ok(calls > warm);
  assert.ok([100, 200].includes(sampler.quantileNs(0.5)));
  assert.is(sampler.quantileNs(0.99), 200);
});

measure('profile names every operator, and shares add up', () => {
  const report = profileModel('m', file, 'wasm', 2);
  assert.equal(
    report.operators.map(({ operator, name }) => `${operator} ${name}`),
    ['0 FULLY_CONNECTED', '1 FULLY_CONNECTED', '2 SOFTMAX'],
  );
  assert.ok(Math.abs(report.operators.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-3);
  assert.is(report.operators[2]!.macsPerSecond, null);
  assert.is(
    report.operators.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0),
    40 * 24 + 24 * 5,
  );
  assert.match(printProfile(report), /0 FULLY_CONNECTED.*%/);
});

measure('compare counts what differs, and where first', () => {
  const same = compareEngines('m', file, [ownEngine('wasm'), ownEngine('wasm')], { inputs: 30, seed: 5 });
  assert.is(same.identical, true);
  assert.equal(same.outputs, [
    { name: same.outputs[0]!.name, elements: 5, differing: 0, differingInputs: 0, largestDifference: 0, first: null },
  ]);
  assert.match(printComparison(same), /agree on 30 inputs[\s\S]*150 values, all equal/);
  const report = compareEngines('m', file, [ownEngine('wasm'), spoiled(7, 3)], { inputs: 30, seed: 5 });
  const [output] = report.outputs;
  assert.is(report.identical, false);
  assert.equal([output!.differing, output!.differingInputs, output!.largestDifference], [4, 4, 3]);
  assert.equal([output!.first!.input, output!.first!.index], [6, 2]);
  assert.is(Math.abs(output!.first!.values[0] - output!.first!.values[1]), 3);
  assert.match(printComparison(report), /4 of 150 values differ, on 4 inputs, by 3 at most; first at input 6, value 2/);
});

measure('one seed draws one set of inputs, over the whole range', () => {
  const load = () => ownEngine('wasm').load(file, limits).inputs;
  const [one, other] = [load(), load()];
  const [first, second] = [createInputs(9), createInputs(9)];
  const seen = new Set<number>();
  for (let round = 0; round < 60; round++) {
    first(one);
    second(other);
    assert.equal(one[0]!.data, other[0]!.data);
    for (const value of one[0]!.data) seen.add(value);
  }
  assert.ok(seen.has(-128) && seen.has(127) && seen.size > 250, `${seen.size} values`);
});

measure('wrong command lines say what is right, and nothing is measured', () => {
  for (const [args, message] of [
    [['compare', path, '--engines', 'wasm'], /two engines/],
    [['compare', path, '--engines', 'wasm,wasm'], /each once/],
    [['compare', path, '--engines', 'wasm,gpu'], /choose among wasm, native, plain/],
    [['bench', path, '--runs', '0'], /integer from 1/],
    [['bench', path, '--engine', 'gpu'], /Allowed choices/],
  ] as const) {
    const { stdout, stderr, status } = model(...args);
    assert.is(stdout, '');
    assert.is(status, 2, args.join(' '));
    assert.match(stderr, message);
  }
  writeFileSync(join(folder, 'cut.tflite'), readFileSync(path).subarray(0, 400));
  for (const verb of ['bench', 'profile', 'compare']) {
    const { status, stderr } = model(verb, join(folder, 'cut.tflite'));
    assert.is(status, 1);
    assert.match(stderr, /^myrmexctl: model refused: .*\n$/m);
  }
});

measure.run();
