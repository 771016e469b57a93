import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { demoConfiguration } from '../../firmware/demo/configuration.ts';
import { demoModelPath, temporaryFolder } from '../support/machine-recording.ts';
import { myrmex } from './programs.ts';

const bad = suite('bad input to run');

/** Runs, and expects this exit code and one line that says this and is no stack trace; `run` itself speaks JSON. */
const expectRefusal = async (args: readonly string[], exitCode: number, message: RegExp): Promise<void> => {
  const program = myrmex('run', ...args);
  const code = await program.ended;
  const last = program.stderr().trimEnd().split('\n').at(-1)!;
  const said = exitCode === 2 ? program.stderr() : (JSON.parse(last) as { message: string }).message;
  assert.match(said, message);
  assert.not.match(program.stderr(), /\n\s+at /);
  assert.is(code, exitCode, program.stderr());
  assert.is(program.stdout(), '');
};

const file = async (name: string, content: string | Uint8Array): Promise<string> => {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, content);
  return path;
};

const header = 'node,segment,t_ms,label,radial_g,axial_g\n';

bad('flags that are none', async () => {
  await Promise.all([
    expectRefusal(['--duration', 'soon'], 2, /--duration.*30s/),
    expectRefusal(['--frobnicate'], 2, /unknown option '--frobnicate'/),
    expectRefusal(['--label-rate', '2'], 2, /from 0 to 1/),
    expectRefusal(['--speed', 'max'], 1, /--speed is for recordings/),
    expectRefusal(['--recording', 'x.csv'], 1, /needs the model .* --model/),
  ]);
});

bad('configurations that are none', async () => {
  const edited = (change: object): Promise<string> =>
    file('node.json', JSON.stringify({ ...demoConfiguration, ...change }));
  await Promise.all([
    expectRefusal(['--config', '/nowhere/node.json'], 1, /no configuration at \/nowhere/),
    expectRefusal(['--config', await file('node.json', '{"site":')], 1, /is not JSON/),
    expectRefusal(['--config', await edited({ site: 'Two Words' })], 1, /\/site .*"Two Words"/),
    expectRefusal(
      ['--config', await edited({ broker: { embedded: true, port: 70_000 } })],
      1,
      /\/broker\/port .*70000/,
    ),
    expectRefusal(['--config', await edited({ colour: 'red' })], 1, /colour|additional/),
    expectRefusal(['--config', await edited({ board: 'toaster' })], 1, /\/board .*"toaster"/),
  ]);
});

bad('models that cannot be used', async () => {
  const whole = readFileSync(demoModelPath);
  const recording = await file('r.csv', `${header}a,1,0,normal,0,0\n`);
  const play = (model: string): string[] => ['--recording', recording, '--model', model, '--port', '0'];
  await Promise.all([
    expectRefusal(play('/nowhere.tflite'), 1, /no model at/),
    expectRefusal(play(await file('cut.tflite', whole.subarray(0, whole.length >> 1))), 1, /damaged/),
    expectRefusal(play(await file('text.tflite', 'this is not a model')), 1, /model/),
    // The card of the model asks for features that its first layer does not take.
    expectRefusal(play(await file('edited.tflite', withWindow(whole, 128))), 1, /card/),
  ]);
});

bad('recordings that cannot be played', async () => {
  const play = async (content: string, ...more: string[]): Promise<string[]> => [
    ...['--recording', await file('r.csv', content), '--model', demoModelPath, '--port', '0'],
    ...more,
  ];
  await Promise.all([
    expectRefusal(await play(''), 1, /empty/),
    expectRefusal(await play('time,value\n1,2\n'), 1, /node,segment,t_ms,label/),
    expectRefusal(await play(`${header}a,1,0,normal,0\n`), 1, /line 2/),
    expectRefusal(await play(`${header}a,1,0,normal,0,0\n`, '--node', 'b'), 1, /"?b"?.*\ba\b/),
    expectRefusal(await play(`${header.replace('axial', 'vertical')}a,1,0,normal,0,0\n`), 1, /vertical_g.*axial_g/),
    expectRefusal(['--recording', '/nowhere.csv', '--model', demoModelPath, '--port', '0'], 1, /\/nowhere.csv/),
  ]);
});

bad('a port that was asked for and is in use', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await expectRefusal(['--port', `${port}`], 1, /port \d+ is in use/);
  server.close();
});

/** Changes the window in the JSON of the model card, in place and of the same length. */
const withWindow = (model: Uint8Array, window: number): Uint8Array => {
  const text = Buffer.from(model).toString('latin1').replace('"window":256', `"window":${window}`);
  return Buffer.from(text, 'latin1');
};

bad.run();
