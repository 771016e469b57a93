import { spawnSync } from 'node:child_process';
import { mkdir, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../support/machine-recording.ts';
import { type Desk, openDesk, writeQuietConfiguration } from './desk.ts';
import { lastObject, myrmex, myrmexIn, type Program } from './programs.ts';

/** A worker that hangs is given ten seconds: `.ci/run` has the time. */
const WITH_HANG = process.env.FAULTS_LONG === '1';
const YEAR_MS = 31_536_000_000;

/** Strikes the compute worker in its sleep: each fault once, in whichever worker comes first. */
const WORKER_FAULTS = `
const { isMainThread } = require('node:worker_threads');
const fs = require('node:fs');
const path = require('node:path');
const strike = {
  crash: () => { throw new Error('struck'); },
  memory: () => { const hoard = []; for (;;) hoard.push(new Array(10_000).fill({})); },
  hang: () => { for (;;); },
};
if (!isMainThread) {
  const sleep = Atomics.wait;
  let sleeps = 0;
  Atomics.wait = (...given) => {
    if (given[3] === 1_000 && ++sleeps > 40) {
      sleeps = 0;
      for (const fault of process.env.FAULTS.split(',')) {
        try { fs.closeSync(fs.openSync(path.join(process.env.FAULTS_FOLDER, fault), 'wx')); } catch { continue; }
        strike[fault]();
      }
    }
    return sleep(...given);
  };
}`;

/** Each SIGUSR2 sets the clock to the next of these distances from the truth. */
const CLOCK_FAULTS = `
const shifts = [${YEAR_MS}, ${-YEAR_MS}];
const now = Date.now;
let shift = 0;
Date.now = () => now() + shift;
if (require('node:worker_threads').isMainThread) process.on('SIGUSR2', () => {
  shift = shifts.shift();
  process.stderr.write('clock shifted by ' + shift + '\\n');
});`;

interface Context {
  folder: string;
  config: string;
}

const faults = suite<Context>('what goes wrong around a node');

faults.before.each(async (context) => {
  context.folder = await temporaryFolder();
  context.config = await writeQuietConfiguration(context.folder);
});
faults.after.each(({ folder }) => rm(folder, { recursive: true, force: true }));

/** The node, and somebody who labels every window that it decides. */
const startLabelled = async (node: Program): Promise<Desk> => {
  const [url] = await node.said(/mqtt:\/\/[\d.:]+/);
  return openDesk(url, { decision: (window, desk) => desk.label(window, 'imbalance') });
};

const count = (desk: Desk, status: string): number => [...desk.answers.values()].filter((s) => s === status).length;

const end = async (node: Program, desk: Desk): Promise<Record<string, unknown>> => {
  await desk.close();
  node.process.kill('SIGTERM');
  assert.is(await node.ended, 0, node.stderr());
  return lastObject(node);
};

faults('a compute worker that crashes, eats its memory or hangs is replaced in place', async ({ folder, config }) => {
  const names = ['crash', 'memory', ...(WITH_HANG ? ['hang'] : [])];
  const preload = join(folder, 'faults.cjs');
  await writeFile(preload, WORKER_FAULTS);
  const env = { NODE_OPTIONS: `--require ${preload}`, FAULTS: names.join(','), FAULTS_FOLDER: folder };
  const node = myrmexIn(env, 'run', '--config', config, '--json');
  const desk = await startLabelled(node);
  await desk.until(() => count(desk, 'stored') > 0);
  const [first] = [...desk.answers].find(([, status]) => status === 'stored')!;
  await node.said(/the compute worker failed: struck; restarted from what is on disk \(1 of at most 5/);
  await node.said(/memory limit.*; restarted from what is on disk \(2 of at most 5/);
  if (WITH_HANG) await node.said(/hung for 10 s; restarted from what is on disk \(3 of at most 5/);
  const [windows, stored] = [desk.decided.length, count(desk, 'stored')];
  await desk.until(() => desk.decided.length >= windows + 50 && count(desk, 'stored') >= stored + 25);
  assert.is(new Set(desk.decided).size, desk.decided.length, 'a window id was used twice');
  desk.label(first, 'imbalance');
  await desk.until(() => desk.answers.get(first) === 'duplicate');
  const { workerRestarts, health } = await end(node, desk);
  assert.is(workerRestarts, names.length);
  assert.equal(health, {});
});

faults('a clock that jumps a year ahead and two back changes nothing but time stamps', async ({ folder, config }) => {
  const preload = join(folder, 'clock.cjs');
  await writeFile(preload, CLOCK_FAULTS);
  const node = myrmexIn({ NODE_OPTIONS: `--require ${preload}` }, 'run', '--config', config, '--json');
  const desk = await startLabelled(node);
  await desk.until(() => count(desk, 'stored') >= 10);
  for (const shift of [YEAR_MS, -YEAR_MS]) {
    node.process.kill('SIGUSR2');
    await node.said(new RegExp(`clock shifted by ${shift}`));
    const [windows, stored] = [desk.decided.length, count(desk, 'stored')];
    await desk.until(() => desk.decided.length >= windows + 40 && count(desk, 'stored') >= stored + 40);
  }
  assert.equal([...new Set(desk.answers.values())], ['stored'], 'no label was late, busy or unknown');
  const numbers = desk.decided.map((window) => Number(window.split('-')[1]));
  assert.ok(
    numbers.every((number, at) => at === 0 || number === numbers[at - 1]! + 1),
    'a window is missing',
  );
  const { workerRestarts, health, dropped } = await end(node, desk);
  assert.equal({ workerRestarts, health, dropped }, { workerRestarts: 0, health: {}, dropped: 0 });
});

/** A small disk of its own below `folder`; null, and a line that says so, where this user may not mount one. */
const mountDisk = async (folder: string, options: string): Promise<string | null> => {
  const place = join(folder, 'disk');
  await mkdir(place);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'myrmex-test', place]);
  if (mounted.status === 0) return place;
  console.log('skipped: a test with a disk of its own needs root and mount(8)');
  return null;
};

faults('a full disk stops labels, not decisions, and its end is noticed', async ({ folder }) => {
  const disk = await mountDisk(folder, 'size=8m');
  if (disk === null) return;
  try {
    const state = join(disk, 'state');
    const config = await writeQuietConfiguration(folder, { state });
    const node = myrmex('run', '--config', config, '--json');
    const desk = await startLabelled(node);
    await desk.until(() => count(desk, 'stored') >= 10);
    const filler = join(disk, 'filler');
    await writeFile(filler, new Uint8Array(16 * 1024 * 1024)).catch(() => {});
    await desk.until(() => count(desk, 'busy') >= 3);
    await node.said(/nothing can be written to .*: the disk is full: free some space/);
    const busy = [...desk.answers].filter(([, status]) => status === 'busy').map(([window]) => window);
    const windows = desk.decided.length;
    await desk.until(() => desk.decided.length >= windows + 50);
    await unlink(filler);
    await node.said(/storage is well again/);
    // Who was told to send again does so.
    for (const window of busy) desk.label(window, 'imbalance');
    const kept = (window: string): boolean => ['stored', 'duplicate'].includes(desk.answers.get(window)!);
    await desk.until(() => busy.every(kept));
    const { health, workerRestarts } = await end(node, desk);
    assert.equal(health, {});
    assert.is(workerRestarts, 0);
    const again = myrmex('run', '--config', config, '--json');
    const [url] = await again.said(/mqtt:\/\/[\d.:]+/);
    const later = await openDesk(url);
    for (const window of busy) later.label(window, 'imbalance');
    await later.until(() => later.answers.size === busy.length);
    assert.equal([...new Set(later.answers.values())], ['duplicate'], 'all are on the disk');
    await end(again, later);
  } finally {
    spawnSync('umount', ['--lazy', disk]);
  }
});

for (const [what, options, words] of [
  ['read-only', 'ro,size=1m', /cannot be opened for writing: it is mounted read-only.*see dmesg/],
  ['full', 'size=4k', /cannot be opened for writing: the disk is full: free some space/],
] as const) {
  faults(`a disk that is ${what} from the beginning is said, and the node does not begin`, async ({ folder }) => {
    const disk = await mountDisk(folder, options);
    if (disk === null) return;
    try {
      if (what === 'full') await writeFile(join(disk, 'filler'), new Uint8Array(8_192)).catch(() => {});
      const config = await writeQuietConfiguration(folder, { state: disk });
      const node = myrmex('run', '--config', config);
      assert.is(await node.ended, 1);
      assert.match(node.stderr(), words);
    } finally {
      spawnSync('umount', ['--lazy', disk]);
    }
  });
}

faults('two nodes on one state: the second says so and stops, the first goes on', async ({ folder, config }) => {
  const first = myrmex('run', '--config', config, '--json');
  const desk = await startLabelled(first);
  const second = myrmex('run', '--config', config);
  assert.is(await second.ended, 1);
  assert.match(second.stderr(), /another process uses the state in .*stop it or choose another --state directory/);
  const state = join(folder, 'state');
  const file = join(folder, 'kept.state');
  const early = myrmex('state', 'export', file, '--state', state);
  assert.is(await early.ended, 1);
  assert.match(early.stderr(), /another process uses the state/);
  const windows = desk.decided.length;
  await desk.until(() => desk.decided.length > windows && count(desk, 'stored') >= 5);
  const learned = [...desk.answers].filter(([, status]) => status === 'stored').map(([window]) => window);
  await end(first, desk);

  // The gateway dies, and another one takes its place.
  const done = async (...args: string[]): Promise<string> => {
    const program = myrmex('state', ...args);
    assert.is(await program.ended, 0, program.stderr());
    return program.stderr();
  };
  assert.match(
    await done('export', file, '--config', config),
    /exported 1 model, \d+ labels, \d snapshots?, boot counter/,
  );
  const cautious = myrmex('state', 'reset', '--config', config);
  assert.is(await cautious.ended, 1);
  assert.match(cautious.stderr(), /1 model, \d+ labels.*nothing was changed: --yes/);
  assert.match(await done('reset', '--yes', '--config', config), /forgot 1 model/);
  assert.match(await done('import', file, '--config', config), /imported 1 model/);
  const unasked = myrmex('state', 'import', file, '--state', state);
  assert.is(await unasked.ended, 1);
  assert.match(unasked.stderr(), /--replace replaces it/);
  const heir = myrmex('run', '--config', config, '--json');
  const [url] = await heir.said(/mqtt:\/\/[\d.:]+/);
  const later = await openDesk(url);
  for (const window of learned) later.label(window, 'imbalance');
  await later.until(() => later.answers.size === learned.length && later.decided.length > 0);
  assert.equal([...new Set(later.answers.values())], ['duplicate']);
  assert.ok(Number(later.decided[0]!.split('-')[0]) > 1_000_000, 'numbered far above the dead one');
  await end(heir, later);
});

faults.run();
