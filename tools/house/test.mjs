// `npm test [-- PATTERN ...]`: installs and builds what is missing, then runs every test file in a process of its own
// under a watchdog, counts what passed, failed and was skipped, and prints that sum last. Heavy tests run fewer rounds
// than under `.ci/run`, which sets MYRMEX_TEST_FULL (test/support/rounds.ts).
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { bundleTests } from './bundle-tests.mjs';
import { root, say } from './install.mjs';

const WATCHDOG_MS = Number(process.env.MYRMEX_TEST_WATCHDOG_MS ?? 120_000);
/** Tests that compute, side by side: as many as a small machine has cores. */
const COMPUTING_LANES = 2;
/** They start programs and wait for most of their time: one of them beside the others, and no core is idle. */
const WAITING = /^end-to-end\/|^firmware\/(doctor|mesh-bridge|mesh-restart|native-engine)\./;
/** First, so that none of them runs alone at the end. A list out of date costs seconds and nothing else. */
const LONGEST = [
  ...['end-to-end/tree', 'end-to-end/run', 'end-to-end/faults', 'end-to-end/stop', 'end-to-end/kill-moments'],
  ...['house/static'],
  ...['kernels/tflite-fuzz', 'tools/train', 'tools/replay', 'firmware/broker-kill', 'firmware/native-engine'],
  ...['kernels/engine-kernels', 'firmware/store-kill', 'firmware/recording', 'firmware/node-compute'],
].map((name) => `${name}.test.ts`);

/** They load modules whose names they make up: these and the test's own are to be the same. */
const BY_LOADER = ['tools/inspect.test.ts'];

/** Test files below test/ whose path contains one of the patterns (all without any): the longest, then by name. */
const testFiles = (patterns) =>
  readdirSync(join(root, 'test'), { recursive: true })
    .filter((path) => path.endsWith('.test.ts'))
    .filter((path) => patterns.length === 0 || patterns.some((pattern) => path.includes(pattern)))
    .sort((a, b) => LONGEST.includes(b) - LONGEST.includes(a) || (a < b ? -1 : 1));

/** Reads uvu's closing lines; null when the file ended before it ran its tests. */
const summaryOf = (output) => {
  const figure = (name) => {
    const match = output.match(new RegExp(`^\\s*${name}:\\s+(\\d+)`, 'm'));
    return match === null ? null : Number(match[1]);
  };
  const [total, passed, skipped] = [figure('Total'), figure('Passed'), figure('Skipped')];
  if (total === null || passed === null || skipped === null) return null;
  return { passed, failed: total - passed, skipped };
};

const runFile = (file) =>
  new Promise((resolve) => {
    const started = performance.now();
    const program = BY_LOADER.includes(file) ? ['--import', 'tsx', join('test', file)] : [bundleOf(file)];
    const child = spawn(process.execPath, ['--enable-source-maps', ...program], {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that the watchdog also ends what the test started.
      detached: true,
    });
    let output = '';
    let expired = false;
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    const watchdog = setTimeout(() => {
      expired = true;
      process.kill(-child.pid, 'SIGKILL');
    }, WATCHDOG_MS);
    child.on('close', (code) => {
      clearTimeout(watchdog);
      const seconds = (performance.now() - started) / 1000;
      const summary = summaryOf(output) ?? { passed: 0, failed: 0, skipped: 0 };
      if (expired) output += `\n  the watchdog ended this file after ${WATCHDOG_MS} ms: something never finished\n`;
      const empty = summary.passed + summary.failed + summary.skipped === 0;
      // A file that dies, hangs or runs no test is a failure even when every test it reached had passed.
      if ((expired || empty || code !== 0) && summary.failed === 0) summary.failed = 1;
      resolve({ file, output, seconds, ...summary });
    });
  });

const report = ({ file, output, seconds, passed, failed, skipped }) => {
  const notes = output.split('\n').filter((line) => line.startsWith('skipped:'));
  const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  console.log(`${failed > 0 ? 'FAIL' : 'ok  '} ${file}  ${counts}  ${seconds.toFixed(1)} s`);
  for (const note of notes) console.log(`     ${note}`);
  if (failed > 0) console.log(output.replace(/^/gm, '     '));
};

ensureBuilt();
const files = testFiles(process.argv.slice(2));
if (files.length === 0) say('myrmex: no test file matches');
const bundleOf = await bundleTests(files);
const waiting = files.filter((file) => WAITING.test(file));
const computing = files.filter((file) => !WAITING.test(file));
const sum = { passed: 0, failed: 0, skipped: 0 };

/** Runs one file after another from the first queue, then from the second. */
const runLane = async (first, second) => {
  for (let file = first.shift() ?? second.shift(); file !== undefined; file = first.shift() ?? second.shift()) {
    const result = await runFile(file);
    report(result);
    for (const key of Object.keys(sum)) sum[key] += result[key];
  }
};
await Promise.all([
  runLane(waiting, computing),
  ...Array.from({ length: COMPUTING_LANES }, () => runLane(computing, waiting)),
]);
if (sum.skipped > 0) console.log(`${sum.skipped} skipped`);
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exitCode = sum.failed > 0 || sum.passed === 0 ? 1 : 0;
