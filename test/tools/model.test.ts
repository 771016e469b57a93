import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BOARD_NAMES, boardProfile } from '../../boards/registry.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { modelCommand } from '../../tools/commands/model.ts';
import { describeFailure } from '../../tools/errors.ts';
import { fitOn } from '../../tools/model/board-fit.ts';
import { inspectModel } from '../../tools/model/inspection.ts';
import { printInspection } from '../../tools/model/print-inspection.ts';
import { dataPath, dataTest } from '../support/data.ts';
import { denseNet } from '../support/dense-net.ts';
import { ModelBuilder, perTensor, randomInt8, seeded } from '../support/models.ts';
import { createOracle } from '../support/oracle.ts';

const model = suite('myrmexctl model');

const folder = mkdtempSync(join(tmpdir(), 'myrmex-model-'));
const at = (name: string): string => join(folder, name);
model.after(() => rmSync(folder, { recursive: true, force: true }));

const NET = { sizes: [7, 12, 3], perChannel: true, activation: 1, ending: 'softmax', withBias: true } as const;
const file = writeModel(denseNet(seeded(71), { ...NET, floatEnds: false }));
writeFileSync(at('model.tflite'), file);

/** Runs `model …` as the program would; returns null or how it failed. */
const run = async (...parameters: string[]): Promise<{ message: string; exitCode: number } | null> => {
  try {
    await modelCommand().parseAsync(parameters, { from: 'user' });
    return null;
  } catch (error) {
    return describeFailure(error);
  }
};

const runModel = (name: string, input: string) => run('run', at(name), '--input', at(input), '--output', at('out.i8'));

model('run writes what TensorFlow Lite computes, for every inference the input holds', async () => {
  const random = seeded(72);
  const inputs = Array.from({ length: 25 }, () => randomInt8(random, 7));
  writeFileSync(at('in.i8'), Buffer.concat(inputs.map((input) => Buffer.from(input.buffer))));
  assert.is(await runModel('model.tflite', 'in.i8'), null);
  const oracle = (await createOracle()).load(file);
  const expected = Buffer.concat(inputs.map((input) => Buffer.from(oracle.run(input).buffer)));
  assert.equal(readFileSync(at('out.i8')), expected);
});

model('run refuses an input that is not whole inferences, also an empty one', async () => {
  for (const [name, bytes] of [
    ['short.i8', 6],
    ['odd.i8', 15],
    ['empty.i8', 0],
  ] as const) {
    writeFileSync(at(name), new Uint8Array(bytes));
    const failure = await runModel('model.tflite', name);
    assert.is(failure?.exitCode, 1);
    assert.match(failure!.message, new RegExp(`has ${bytes} bytes; the model takes 7`));
  }
});

model('run refuses models whose ends are not one int8 tensor', async () => {
  writeFileSync(at('in.i8'), new Uint8Array(7));
  writeFileSync(at('float.tflite'), writeModel(denseNet(seeded(73), { ...NET, floatEnds: true })));
  assert.match((await runModel('float.tflite', 'in.i8'))!.message, /input is float32/);
  const builder = new ModelBuilder();
  const [first, second, sum] = [1, 2, 3].map(() => builder.int8([1, 7], perTensor(1, 0)));
  builder.operator(Builtin.reshape, [first!], [sum!], null);
  writeFileSync(at('two.tflite'), writeModel(builder.build([first!, second!], [sum!])));
  assert.match((await runModel('two.tflite', 'in.i8'))!.message, /2 inputs/);
});

model('what is no model fails in one line with exit code 1', async () => {
  writeFileSync(at('text.tflite'), 'node,segment,t_ms,label,x\n');
  writeFileSync(at('cut.tflite'), file.subarray(0, file.length / 2));
  for (const name of ['text.tflite', 'cut.tflite', 'absent.tflite', '.']) {
    for (const failure of [await run('inspect', at(name)), await runModel(name, 'in.i8')]) {
      assert.is(failure?.exitCode, 1, name);
      assert.not.match(failure!.message, /\n|\bat .*:\d+:\d+/);
    }
  }
});

model('inspect reports operators, cost, adapter points and metadata', () => {
  const report = inspectModel(file);
  assert.equal(
    report.operators.map(({ operator }) => operator),
    ['FULLY_CONNECTED', 'FULLY_CONNECTED', 'SOFTMAX'],
  );
  assert.is(report.multiplyAdds, 7 * 12 + 12 * 3);
  assert.equal(report.adapterPoints, [
    { operator: 0, rows: 1, inFeatures: 7, outFeatures: 12 },
    { operator: 1, rows: 1, inFeatures: 12, outFeatures: 3 },
  ]);
  assert.is(report.runnable, true);
  assert.is(report.card, null);
  const text = printInspection(report);
  assert.match(text, /120 multiply-adds/);
  assert.match(text, /weights \[12,7\] 12 channel scales \| 84 multiply-adds/);
  assert.equal(
    report.operators.map(({ multiplyAdds }) => multiplyAdds),
    [84, 36, 0],
  );
});

model('inspect says what the memory is made of', () => {
  const { memory, arenaBytes } = inspectModel(file);
  const { packedBytes, plannedBytes, aliveBytesMax, tensorBytesMax, scratchBytesMax } = memory!;
  // Every block of the engine's memory begins a cache line.
  assert.ok(packedBytes + plannedBytes <= arenaBytes! && arenaBytes! < packedBytes + plannedBytes + 64);
  // int16 weights in panels of 16 columns, and three vectors of 4 bytes a column.
  assert.ok(packedBytes >= 2 * 16 * (7 + 12), `${packedBytes}`);
  assert.ok(aliveBytesMax <= plannedBytes && plannedBytes <= 1.15 * aliveBytesMax + 64);
  assert.ok(tensorBytesMax >= 12 + 7 && tensorBytesMax <= plannedBytes, `${tensorBytesMax}`);
  assert.ok(tensorBytesMax + scratchBytesMax >= aliveBytesMax);
});

model('inspect tries every board as a node would, and says what does not fit', () => {
  assert.equal(
    inspectModel(file).boards.map(({ board, fits }) => [board, fits]),
    BOARD_NAMES.map((name) => [name, true]),
  );
  const board = { ...boardProfile('rpi4'), name: 'tiny', arenaBytesMax: 512 };
  const small = fitOn(board, file, null);
  assert.equal([small.fits, small.arenaBytesMax], [false, 512]);
  assert.match(small.reason, /512 are allowed/);
  const short = fitOn({ ...board, arenaBytesMax: 1 << 20, modelBytesMax: 1024 }, file, null);
  assert.match(short.reason, new RegExp(`${file.length} bytes, 1024 are allowed`));
  assert.equal(
    inspectModel(file, ['rpi4']).boards.map(({ board: name }) => name),
    ['rpi4'],
  );
});

model('inspect shows a model that was refused for what it says of itself', () => {
  const sound = denseNet(seeded(75), { ...NET, floatEnds: false });
  const [first, ...others] = sound.subgraph.operators;
  const operators = [{ ...first!, opcodeIndex: 77 }, ...others];
  const report = inspectModel(writeModel({ ...sound, subgraph: { ...sound.subgraph, operators } }));
  assert.is(report.runnable, false);
  assert.match(report.refusal, /operator 0 has the code 77/);
  assert.is(report.operators[0]!.operator, 'code 77 of 2');
  assert.is(report.operators[1]!.operator, 'FULLY_CONNECTED');
  assert.equal([report.arenaBytes, report.operators[1]!.multiplyAdds], [null, null]);
  assert.ok(report.boards.every(({ fits, reason }) => !fits && reason === report.refusal));
  assert.match(printInspection(report), /cannot run here: operator 0/);
});

model('inspect tells a broken model card from none, and text in a file cannot steer the terminal', () => {
  const plain = denseNet(seeded(74), { ...NET, floatEnds: false });
  const bytes = new TextEncoder().encode('{"kind":"\u001b[2J"}');
  const report = inspectModel(
    writeModel({ ...plain, description: '\u001b]0;owned', metadata: [{ name: 'myrmex', bytes }] }),
  );
  assert.is(report.card, null);
  assert.match(report.cardFault, /model card/);
  assert.not.ok(printInspection(report).includes('\u001b'));
});

dataTest(model, 'inspect describes a model that this engine cannot run', 'tflite_models', () => {
  const report = inspectModel(readFileSync(dataPath('tflite_models', 'audio_preprocessor_int8.tflite')));
  assert.is(report.runnable, false);
  assert.is(report.operators.length, 22);
  assert.match(report.refusal, /0 CUSTOM "SignalWindow"/);
  assert.match(printInspection(report), /cannot run here/);
});

model.run();
