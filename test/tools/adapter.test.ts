import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planCompute } from '../../firmware/compute-plan.ts';
import { checkConfiguration } from '../../firmware/configuration.ts';
import { demoConfiguration } from '../../firmware/demo/configuration.ts';
import { openStore } from '../../firmware/io/store.ts';
import { createPipeline } from '../../firmware/pipeline.ts';
import { readPeft, writePeft } from '../../kernels/adapters/peft.ts';
import { SEED_NOTE } from '../../tools/adapters/adapter-file.ts';
import { adapterCommand } from '../../tools/commands/adapter.ts';
import { CommandError } from '../../tools/errors.ts';
import { demoModelPath, temporaryFolder } from '../support/machine-recording.ts';

const adapters = suite('myrmexctl adapter');

const run = async (...args: string[]): Promise<string> => {
  const written: string[] = [];
  const { write } = process.stdout;
  process.stdout.write = ((text: string) => written.push(text) > 0) as typeof write;
  try {
    await adapterCommand().exitOverride().parseAsync(args, { from: 'user' });
  } finally {
    process.stdout.write = write;
  }
  return written.join('');
};

/** A gateway with room for three adapters that has learned a little with one. */
const gateway = async (pool = { adaptersMax: 3 }) => {
  const folder = await temporaryFolder();
  const state = join(folder, 'state');
  const value = { ...demoConfiguration, state, learning: { pool } };
  const config = join(folder, 'node.json');
  await writeFile(config, JSON.stringify(value));
  const plan = planCompute(checkConfiguration(value, 'test'), await readFile(demoModelPath), assert.unreachable);
  const pipeline = createPipeline(plan.pipeline);
  const { pool: own } = pipeline.adaptation!;
  const factors = pipeline.adaptation!.adapters.points.flatMap(({ loraB, bias }) => [loraB, bias]);
  own.write(
    0,
    factors.map(({ length }, k) => Float32Array.from({ length }, (_, i) => Math.fround(Math.sin(i + k)))),
  );
  const bytes = new Uint8Array(pipeline.snapshotBytes);
  pipeline.snapshot(bytes);
  const store = await openStore(state, { model: plan.hash });
  await store.putSnapshot(bytes);
  await store.close();
  return { folder, config };
};

const listed = async (config: string) => JSON.parse(await run('list', '--config', config, '--json')).adapters;

adapters('an adapter goes out, comes in as another, and goes out again with the same bytes', async () => {
  const { folder, config } = await gateway();
  const [first, second] = [join(folder, 'a.safetensors'), join(folder, 'b.safetensors')];
  await run('export', first, '--config', config);
  await run('import', first, '--config', config, '--name', 'product B');
  const all = await listed(config);
  assert.equal(
    all.map(({ adapter, name, active }: { adapter: number; name: string; active: boolean }) => [adapter, name, active]),
    [
      [0, '', true],
      [1, 'product B', false],
    ],
  );
  await run('export', second, '--config', config, '--adapter', '1');
  const [a, b] = [readPeft(await readFile(first)), readPeft(await readFile(second))];
  assert.equal(b.layers, a.layers);
  assert.ok(a.layers.every(({ loraB }) => loraB.some((value) => value !== 0)));
  const directory = join(folder, 'peft');
  await run('export', directory, '--config', config, '--adapter', '1');
  await run('import', directory, '--config', config, '--into', '0');
  assert.equal(JSON.parse(await readFile(join(directory, 'adapter_config.json'), 'utf8')).peft_type, 'LORA');
});

adapters('pins are kept; what is not there or does not fit is refused with what to do', async () => {
  const { folder, config } = await gateway({ adaptersMax: 2 });
  await run('pin', '0', '--config', config);
  assert.is((await listed(config))[0].pinned, true);
  await run('pin', '0', '--off', '--config', config);
  assert.is((await listed(config))[0].pinned, false);
  const file = join(folder, 'a.safetensors');
  await run('export', file, '--config', config);
  await run('import', file, '--config', config);
  const refusal = async (...args: string[]): Promise<string> => {
    try {
      await run(...args, '--config', config);
    } catch (error) {
      assert.instance(error, CommandError);
      return (error as CommandError).message;
    }
    return 'done';
  };
  assert.match(await refusal('import', file), /room for 2 .* --into/);
  assert.match(await refusal('export', file, '--adapter', '7'), /no adapter 7/);
  const adapter = readPeft(await readFile(file));
  const spoilt = async (change: object): Promise<string> => {
    await writeFile(file, writePeft({ ...adapter, ...change }));
    return refusal('import', file, '--into', '1');
  };
  const [first, ...others] = adapter.layers;
  assert.match(await spoilt({ layers: others }), /this model takes rank 2 for/);
  const otherA = { ...first!, loraA: first!.loraA.map((value) => value * 1.01) };
  assert.match(await spoilt({ layers: [otherA, ...others] }), /adapter merge/);
  const notes = { [SEED_NOTE]: 'feedfeedfeedfeed' };
  assert.match(await spoilt({ layers: [otherA, ...others], notes }), /"adapterSeed": "feedfeedfeedfeed"/);
});

adapters(
  'merge writes another model, says what it lost, and unmerge gives the first one back byte for byte',
  async () => {
    const { folder, config } = await gateway();
    const [file, merged, back] = ['a.safetensors', 'merged.tflite', 'back.tflite'].map((name) => join(folder, name));
    await run('export', file!, '--config', config);
    const report = JSON.parse(await run('merge', demoModelPath, file!, '--out', merged!, '--json'));
    assert.ok(report.layers.every(({ errorRms, deltaRms }: Record<string, number>) => errorRms! < 0.05 * deltaRms!));
    const original = await readFile(demoModelPath);
    assert.not.equal(await readFile(merged!), original);
    await run('unmerge', merged!, '--out', back!);
    assert.equal(await readFile(back!), original);
    try {
      await run('unmerge', demoModelPath, '--out', back!);
      assert.unreachable();
    } catch (error) {
      assert.match((error as Error).message, /nothing was merged/);
    }
  },
);

adapters.run();
