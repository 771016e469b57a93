import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { faultsOfConfiguration } from '../../firmware/configuration.ts';
import { demoConfiguration } from '../../firmware/demo/configuration.ts';
import { examineEngine } from '../../firmware/io/doctor/engine.ts';
import { findNativeAddon, openNativeEngine } from '../../firmware/io/native-engine.ts';
import { createPipeline, defaultPipelineOptions } from '../../firmware/pipeline.ts';
import { EngineError, ModelError } from '../../kernels/errors.ts';
import { ownEngine } from '../../kernels/inference-engine.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { randomClassifierFile } from '../support/classifier.ts';
import { denseNet } from '../support/dense-net.ts';
import { demoModelPath } from '../support/machine-recording.ts';
import { perTensor, randomInt8, seeded } from '../support/models.ts';

const native = suite('the native engine');

const folder = mkdtempSync(join(tmpdir(), 'myrmex-native-test-'));
native.after(() => rmSync(folder, { recursive: true, force: true }));

const NET = { sizes: [12, 20, 4], perChannel: false, activation: 1, ending: 'softmax', withBias: true } as const;
const file = writeModel(denseNet(seeded(61), { ...NET, floatEnds: false }));

/** An addon of the shape of the real one, so that every end of it can be had; `infer` and `load` are its bodies. */
const fakeAddon = (infer: string, load = ''): string => {
  const path = join(folder, `addon-${readdirSync(folder).length}.cjs`);
  writeFileSync(
    path,
    `exports.Interpreter = class {
      constructor(model, options) {
        if (!(model instanceof ArrayBuffer) || options.threads !== 1) process.kill(process.pid, 'SIGSEGV');
        this.input = new Int8Array(12);
        this.output = new Int8Array(4);
        this.calls = 0;
        ${load}
      }
      getInputs() { return [{ data: () => this.input }]; }
      getOutputs() { return [{ data: () => this.output }]; }
      infer() { this.calls++; ${infer} }
    };`,
  );
  return path;
};

const thrown = (attempt: () => unknown): { code: string; message: string } => {
  try {
    attempt();
  } catch (error) {
    assert.ok(error instanceof EngineError || error instanceof ModelError, String(error));
    return { code: error.code, message: error.message };
  }
  throw new Error('nothing was thrown');
};

native('inputs go over and outputs come back, however often', () => {
  const addon = fakeAddon(
    'for (let i = 0; i < 4; i++) this.output[i] = this.input[i] ^ this.input[11 - i] ^ this.calls;',
  );
  const model = openNativeEngine(addon).load(file, limits);
  const random = seeded(62);
  for (let call = 1; call <= 200; call++) {
    const input = randomInt8(random, 12);
    model.inputs[0]!.data.set(input);
    model.invoke();
    assert.equal(
      model.outputs[0]!.data,
      Int8Array.from({ length: 4 }, (_, i) => input[i]! ^ input[11 - i]! ^ call),
    );
  }
  assert.ok(model.timeNs!(10) > 0);
  model.invoke();
  // Ten timed ones between the 200th and this one.
  assert.is(model.outputs[0]!.data[0]! & 0xff, (model.inputs[0]!.data[0]! ^ model.inputs[0]!.data[11]! ^ 211) & 0xff);
  model.close();
  assert.is(thrown(() => model.invoke()).code, 'engineFailed');
});

native('a crash is an error with a code, at whatever moment, and the next model is not concerned', () => {
  const crash = "process.kill(process.pid, 'SIGSEGV'); for (;;);";
  for (const load of [fakeAddon('', crash), fakeAddon('', 'process.exit(0);')]) {
    const { code, message } = thrown(() => openNativeEngine(load).load(file, limits));
    assert.is(code, 'engineFailed');
    assert.match(message, /crashed in its own process/);
  }
  const model = openNativeEngine(fakeAddon(`if (this.calls === 3) { ${crash} }`)).load(file, limits);
  model.invoke();
  model.invoke();
  assert.is(thrown(() => model.invoke()).code, 'engineFailed');
  assert.is(thrown(() => model.invoke()).code, 'engineFailed');
  const next = openNativeEngine(fakeAddon('')).load(file, limits);
  next.invoke();
  next.close();
});

native('one that hangs is ended at the deadline', () => {
  const model = openNativeEngine(fakeAddon('for (;;);'), 300).load(file, limits);
  const { code, message } = thrown(() => model.invoke());
  assert.is(code, 'engineFailed');
  assert.match(message, /did not answer in time/);
});

native(
  "what the addon says against a model is the model's fault; an addon that cannot be loaded is the machine's",
  () => {
    const refused = thrown(() =>
      openNativeEngine(fakeAddon('', "throw new Error('no such operator');")).load(file, limits),
    );
    assert.is(refused.code, 'unsupportedModel');
    assert.match(refused.message, /no such operator/);
    const strange = thrown(() => openNativeEngine(fakeAddon('', 'this.output = new Int8Array(5);')).load(file, limits));
    assert.match(strange.message, /other inputs or outputs/);
    const absent = thrown(() => openNativeEngine(join(folder, 'absent.node')).load(file, limits));
    assert.is(absent.code, 'engineUnavailable');
    assert.is(thrown(() => openNativeEngine(null)).code, 'engineUnavailable');
  },
);

native('a model that we have not verified never reaches it', () => {
  const mark = join(folder, 'reached');
  const addon = fakeAddon('', `require('node:fs').writeFileSync(${JSON.stringify(mark)}, '');`);
  assert.is(
    thrown(() => openNativeEngine(addon).load(file.subarray(0, file.length - 40), limits)).code,
    'malformedModel',
  );
  assert.not.ok(existsSync(mark));
});

native('its process ends when ours is killed', async () => {
  const addon = fakeAddon(
    '',
    `require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'pid'))}, \`\${process.pid}\`);`,
  );
  writeFileSync(join(folder, 'm.tflite'), file);
  const source = fileURLToPath(new URL('../../', import.meta.url));
  const script = `
    const { openNativeEngine } = await import('${source}firmware/io/native-engine.ts');
    const { defaultModelLimits } = await import('${source}kernels/limits.ts');
    const { readFileSync } = await import('node:fs');
    const model = readFileSync(${JSON.stringify(join(folder, 'm.tflite'))});
    openNativeEngine(${JSON.stringify(addon)}).load(model, defaultModelLimits);
    process.kill(process.pid, 'SIGKILL');`;
  const main = join(folder, 'main.mjs');
  writeFileSync(main, script);
  const parent = spawn(process.execPath, ['--import', 'tsx', main], { cwd: source, stdio: 'inherit' });
  const [, signal] = await once(parent, 'exit');
  assert.is(signal, 'SIGKILL');
  const pid = readFileSync(join(folder, 'pid'), 'utf8');
  const deadline = performance.now() + 5_000;
  const alive = (): boolean => {
    // A zombie waits for whoever adopted it; it runs no more.
    const stat = spawnSync('cat', [`/proc/${pid}/stat`], { encoding: 'utf8' }).stdout;
    return stat !== '' && !/\) Z /.test(stat);
  };
  while (alive() && performance.now() < deadline);
  assert.not.ok(alive(), `process ${pid} lives on`);
});

native('a pipeline on another engine decides as on ours, when that computes the same', () => {
  const model = randomClassifierFile({ channels: 6, hidden: [16, 12], classes: 3, seed: 11 });
  const options = { ...defaultPipelineOptions, model, seed: 7, experts: ['frozen'] as const };
  const [mine, other] = [createPipeline(options), createPipeline(options, ownEngine('wasm'))];
  const random = seeded(63);
  for (let index = 0; index < 50; index++) {
    const samples = Float32Array.from({ length: 6 }, () => 4 * random() - 2);
    for (const pipeline of [mine, other]) pipeline.decide({ samples, index, valid: true });
  }
  assert.is(other.fingerprint, mine.fingerprint);
  assert.is(other.adapterParameters, 0);
  assert.throws(() => createPipeline({ ...options, experts: ['frozen', 'local'] }, ownEngine('wasm')), /frozen alone/);
});

native('it is configured for the frozen expert alone', () => {
  const configured = { ...demoConfiguration, engine: 'native' };
  assert.match(faultsOfConfiguration(configured).join(), /^\/experts must be \["frozen"\] with the engine "native"/);
  assert.equal(faultsOfConfiguration({ ...configured, experts: ['frozen'] }), []);
  assert.equal(faultsOfConfiguration({ ...demoConfiguration, engine: 'wasm' }), []);
  assert.match(faultsOfConfiguration({ ...configured, engine: 'gpu' }).join(), /^\/engine must be one of wasm, native/);
});

native('the doctor misses it only where it was chosen', () => {
  assert.is(examineEngine(undefined, null).verdict, 'ok');
  assert.is(examineEngine('wasm', '/a.node').verdict, 'ok');
  assert.is(examineEngine('native', '/a.node').verdict, 'ok');
  const missed = examineEngine('native', null);
  assert.is(missed.verdict, 'fail');
  assert.match(missed.text, /choose "wasm"/);
});

/** Tests with the real addon, which is there where a compiler was at installation. */
const addonTest = (name: string, run: () => void): void => {
  if (findNativeAddon() !== null) return void native(name, run);
  console.log(`skipped: "${name}" needs the optional package @tensorflow/tfjs-tflite-node`);
  native.skip(name, () => {});
};

addonTest('TensorFlow Lite itself is within a few steps of us', () => {
  const [theirs, ours] = [openNativeEngine(), ownEngine('wasm')].map((engine) => engine.load(file, limits));
  const random = seeded(64);
  for (let round = 0; round < 50; round++) {
    const input = randomInt8(random, 12);
    for (const model of [theirs!, ours!]) {
      model.inputs[0]!.data.set(input);
      model.invoke();
    }
    const far = theirs!.outputs[0]!.data.findIndex((value, i) => Math.abs(value - ours!.outputs[0]!.data[i]!) > 6);
    assert.is(far, -1, `round ${round}`);
  }
  assert.ok(theirs!.timeNs!(100) > 0);
  theirs!.close();
});

/** The demonstration's model with one scale for all weights of a layer, the widest. */
const perTensorDemo = (): Uint8Array => {
  const model = readModel(readFileSync(demoModelPath), limits);
  const buffers = [...model.buffers];
  const tensors = [...model.subgraph.tensors];
  for (const { inputs } of model.subgraph.operators) {
    const [from, weights, bias] = inputs.map((index) => tensors[index]!);
    if (weights === undefined || bias === undefined) continue;
    const scales = weights.quantisation!.scale;
    const widest = Math.fround(Math.max(...scales));
    const features = weights.shape[1]!;
    const stored = buffers[weights.buffer]!;
    const values = new Int8Array(stored.buffer, stored.byteOffset, stored.length);
    const rescaled = values.map((value, i) => Math.round((value * scales[Math.floor(i / features)]!) / widest));
    const start = new DataView(buffers[bias.buffer]!.buffer, buffers[bias.buffer]!.byteOffset);
    const starts = Int32Array.from(scales, (scale, i) => Math.round((start.getInt32(4 * i, true) * scale) / widest));
    buffers[weights.buffer] = new Uint8Array(rescaled.buffer);
    buffers[bias.buffer] = new Uint8Array(starts.buffer);
    tensors[inputs[1]!] = { ...weights, quantisation: perTensor(widest, 0) };
    tensors[inputs[2]!] = { ...bias, quantisation: perTensor(from!.quantisation!.scale[0]! * widest, 0) };
  }
  return writeModel({ ...model, buffers, subgraph: { ...model.subgraph, tensors } });
};

native('dense weights with a scale per channel, which TensorFlow Lite 2.9 computes wrongly, are refused', () => {
  const demo = thrown(() => openNativeEngine(fakeAddon('')).load(readFileSync(demoModelPath), limits));
  assert.is(demo.code, 'unsupportedModel');
  assert.match(demo.message, /operator 0 \(FULLY_CONNECTED\) has a scale per channel/);
});

addonTest('a node runs on it, and decides nearly as on ours', () => {
  const [path, model] = [join(folder, 'node.json'), join(folder, 'demo.tflite')];
  writeFileSync(model, perTensorDemo());
  const bundle = fileURLToPath(new URL('../../dist/myrmex.js', import.meta.url));
  const accuracyOn = (engine: string): number => {
    const broker = { embedded: true, port: 0 };
    const state = join(folder, `state-${engine}`);
    writeFileSync(path, JSON.stringify({ ...demoConfiguration, model, broker, state, experts: ['frozen'] }));
    const args = [bundle, 'run', '--config', path, '--engine', engine, '--duration', '6s', '--json'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.is(status, 0, stderr);
    const { windows, workerRestarts, experts } = JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
    assert.ok(windows > 40, `${windows} windows`);
    assert.is(workerRestarts, 0);
    return experts.frozen.accuracy;
  };
  const [mine, theirs] = [accuracyOn('wasm'), accuracyOn('native')];
  assert.ok(Math.abs(mine - theirs) < 0.1, `${mine} and ${theirs}`);
  assert.ok(theirs > 0.6, `${theirs}`);
});

native.run();
