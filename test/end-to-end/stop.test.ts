import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { demoConfiguration } from '../../firmware/demo/configuration.ts';
import { temporaryFolder } from '../support/machine-recording.ts';
import { myrmexIn, type Program } from './programs.ts';

const stop = suite('SIGTERM, whatever the node is doing');

const STOP_MS_MAX = 5_000;
const STUCK_WORKER = new URL('../support/faults/stuck-worker.mjs', import.meta.url).href;
const HANGING_DISK = new URL('../support/faults/hanging-disk.mjs', import.meta.url).href;

/** Ends within 5 s of the signal, in order: exit code 0. */
const expectEnd = async (program: Program): Promise<void> => {
  const asked = performance.now();
  program.process.kill('SIGTERM');
  assert.is(await program.ended, 0, program.stderr());
  const ms = performance.now() - asked;
  assert.ok(ms < STOP_MS_MAX, `${ms} ms`);
};

stop('at the very start', async () => {
  const program = myrmexIn({}, 'run', '--port', '0');
  await program.said(/ends with this run/);
  await expectEnd(program);
});

stop('while the disk does not answer at the start', async () => {
  const program = myrmexIn({ NODE_OPTIONS: `--import ${HANGING_DISK}`, HANGING_DISK: 'now' }, 'run', '--port', '0');
  await program.said(/ends with this run/);
  await expectEnd(program);
  assert.match(program.stderr(), /stopped before it had started/);
});

stop('while the disk has stopped to answer', async () => {
  const program = myrmexIn({ NODE_OPTIONS: `--import ${HANGING_DISK}` }, 'run', '--port', '0');
  await program.said(/"labels":[1-9]/);
  program.process.kill('SIGUSR2');
  await program.said(/the disk hangs/);
  await expectEnd(program);
  assert.match(program.stdout(), /"kind":"summary"/);
  assert.match(program.stderr(), /did not close within/);
});

stop('while the worker hangs', async () => {
  const program = myrmexIn({ NODE_OPTIONS: `--import ${STUCK_WORKER}` }, 'run', '--port', '0');
  // Two seconds in a row without a window more: it hangs.
  await program.said(/"windows":(\d+),.*\n.*"windows":\1,/);
  await expectEnd(program);
  assert.match(program.stdout(), /"kind":"summary"/);
});

stop('while the broker accepts connections and says nothing', async () => {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const folder = await temporaryFolder();
  const path = join(folder, 'node.json');
  const { labeller: _, ...rest } = demoConfiguration;
  const broker = { url: `mqtt://127.0.0.1:${port}` };
  await writeFile(path, JSON.stringify({ ...rest, broker, state: join(folder, 'state') }));
  const program = myrmexIn({}, 'run', '--config', path);
  await program.said(/"windows":[1-9]/);
  await expectEnd(program);
  assert.match(program.stdout(), /"kind":"summary"/);
  server.close();
});

stop.run();
