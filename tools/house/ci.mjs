// What `.ci/run` does: the test suite, then the checks that are too long or too heavy for it. Every check is one line
// with its figure; the last line is the sum.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emulatedNode } from './arm.mjs';
import { brokerKills } from './ci/broker.mjs';
import { brokers } from './ci/brokers.mjs';
import { killMoments, starKills, workerFaults } from './ci/faults.mjs';
import { meshOnMosquitto, simulatedMesh } from './ci/mesh.mjs';
import { replayPage } from './ci/page.mjs';
import { lastObject, require, run } from './ci/support.mjs';
import { doorCost, hostileMessages } from './ci/wire.mjs';
import { root } from './install.mjs';
import { lineOf, testArm } from './test-arm.mjs';

/** The first thing a newcomer does, exactly: clone, one command, no package cache. */
const freshClone = () => {
  const folder = mkdtempSync(join(tmpdir(), 'myrmex-clone-'));
  try {
    run('git', ['clone', '--quiet', root, join(folder, 'myrmex')]);
    const env = { npm_config_cache: join(folder, 'npm-cache') };
    const cwd = join(folder, 'myrmex');
    const summary = lastObject(run('npm', ['start', '--', '--duration', '30s', '--json'], { cwd, env }));
    const { frozen, mixture } = summary.experts;
    require(summary.windows > 300 && summary.published > 300, `only ${summary.windows} windows in 30 s`);
    require(mixture.secondHalf >=
      frozen.secondHalf + 0.05, `second half: mixture ${mixture.secondHalf}, frozen ${frozen.secondHalf}`);
    require(summary.firstDecisionMs <= 2_000, `first decision after ${summary.firstDecisionMs} ms`);
    require(summary.rssBytes <= 120e6, `resident ${summary.rssBytes} bytes`);
    return `frozen ${frozen.secondHalf}, mixture ${mixture.secondHalf} in the second half, ${summary.rssBytes} bytes`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const data = process.env.MYRMEX_DATA ?? join(root, '..', 'shared', 'data');
const GAS_SEEDS = [0, 1, 2, 3, 4];

/** EXPERIMENTS.md, gas protocol: train segment 1, stream 2 to 6, a tenth of the labels. */
const gasProtocol = () => {
  const folder = mkdtempSync(join(tmpdir(), 'myrmex-gas-'));
  const [recording, model] = [join(folder, 'gas.csv'), join(folder, 'gas.tflite')];
  const ctl = (args) => run(process.execPath, ['dist/myrmexctl.js', ...args]);
  try {
    run('sh', ['-c', `node "${join(data, '..', 'tools', 'recording.mjs')}" gas_drift > "${recording}"`]);
    const figures = GAS_SEEDS.map((seed) => {
      const shape = ['--window', '1', '--stride', '1', '--seed', `${seed}`];
      ctl(['train', recording, ...shape, '--segments', '1', '--out', model]);
      const replay = ['replay', recording, '--model', model, '--segments', '2,3,4,5,6', '--label-rate', '0.1'];
      const { frozen, mixture } = lastObject(ctl([...replay, '--seed', `${seed}`, '--json'])).experts;
      require(mixture.accuracy >= 0.92, `seed ${seed}: mixture ${mixture.accuracy}`);
      require(mixture.accuracy >=
        frozen.accuracy + 0.12, `seed ${seed}: frozen ${frozen.accuracy}, mixture ${mixture.accuracy}`);
      return `${mixture.accuracy.toFixed(3)} (frozen ${frozen.accuracy.toFixed(3)})`;
    });
    return `mixture ${figures.join(', ')}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const MUTANTS = 20_000;

/** Mutants of every model there is, in a process that may die; a finding prints the command that plays it again. */
const hostileModels = () => {
  const program = ['--import', 'tsx', 'test/fuzz/main.ts', '--count', `${MUTANTS}`, '--json'];
  const { mutants, outcomes } = lastObject(run(process.execPath, program, { minutes: 30 }));
  const refused = mutants - outcomes.accepted;
  // All refused, or all accepted: the mutants would not reach what they are for.
  require(outcomes.accepted > MUTANTS / 20 && refused > MUTANTS / 4, JSON.stringify(outcomes));
  return `${mutants} mutants, ${refused} refused with a code, ${outcomes.accepted} run, nothing else happened`;
};

/** The committed model is what its script makes, byte for byte. */
const demoModel = () => {
  run(process.execPath, ['--import', 'tsx', 'tools/make-demo-model.ts']);
  run('git', ['diff', '--exit-code', '--stat', '--', 'firmware/demo']);
  return 'made again, byte for byte';
};

/** The same decisions and the same learning, bit for bit, on another architecture (DESIGN §2, "Deterministic"). */
const arm64 = () => {
  const node = emulatedNode('arm64');
  if ('absent' in node) return node;
  const folder = mkdtempSync(join(tmpdir(), 'myrmex-arm64-'));
  try {
    run('sh', ['-c', `node --import tsx tools/make-demo-recording.ts 30 > "${join(folder, 'machine.csv')}"`]);
    const model = 'firmware/demo/rotating-machine.tflite';
    const replay = ['dist/myrmexctl.js', 'replay', join(folder, 'machine.csv'), '--model', model, '--json'];
    const here = lastObject(run(process.execPath, replay));
    const there = lastObject(run(node.command, [...node.args, ...replay]));
    require(here.labels > 10, `only ${here.labels} labels were learned`);
    const [ours, theirs] = [here.decisionFingerprint, there.decisionFingerprint];
    require(ours === theirs, `decisions differ: ${ours} here, ${theirs} on arm64`);
    return `${here.windows} windows, ${here.labels} labels, fingerprint ${ours} on both`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Every operator and every model there is, in both numerics, compiled and plain. */
const engineOnArm = async () => {
  const results = await testArm(() => {});
  require(results.every(({ differ = [] }) => differ.length === 0), results.map(lineOf).join('\n'));
  const skipped = results.filter((result) => 'skipped' in result);
  // The first is this machine's own.
  if (skipped.length === results.length - 1) return { absent: skipped[0].skipped };
  return results.map(lineOf).join('; ');
};

const isRoot = process.getuid?.() === 0;
const checks = [
  { name: 'hostile models', check: hostileModels },
  { name: 'hostile messages at the door', check: hostileMessages },
  { name: 'what a signed message costs', check: doorCost },
  { name: 'the demonstration model comes from its script', check: demoModel },
  { name: 'simulated mesh', check: simulatedMesh },
  { name: 'killed at 300 random moments: nothing acknowledged is lost', check: killMoments },
  { name: 'embedded broker, killed 150 times under load', check: brokerKills },
  { name: 'a star, killed 200 times: everything is counted once', check: starKills },
  { name: 'a compute worker that crashes, eats its memory, hangs', check: workerFaults },
  { name: 'the page of a replay in a browser', check: replayPage },
  { name: 'arm64 under qemu: the same decisions', check: arm64 },
  { name: 'arm64 and armv7 under qemu: the same hashes of every model', check: engineOnArm },
  {
    name: 'Mosquitto with the bundled node',
    check: brokers,
    absent: isRoot ? null : 'only root may install mosquitto',
  },
  // After the check above, which installs it.
  { name: 'six gateways that average through Mosquitto', check: meshOnMosquitto },
  { name: 'fresh clone, empty npm cache: npm start', check: freshClone },
  { name: 'gas protocol, seeds 0-4', check: gasProtocol, needs: join(data, 'gas_drift') },
];

const sum = { passed: 0, failed: 0, skipped: 0 };
const suite = spawnSync('npm', ['test'], {
  env: { ...process.env, MYRMEX_TEST_FULL: '1' },
  cwd: root,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
  maxBuffer: 2 ** 28,
});
process.stdout.write(suite.stdout);
const closing = suite.stdout.trimEnd().match(/(?:^(\d+) skipped\n)?^(\d+) passed, (\d+) failed$(?![\s\S])/m);
if (closing === null) sum.failed += 1;
else {
  const [, skipped = '0', passed, failed] = closing;
  sum.passed += Number(passed);
  sum.failed += Number(failed);
  sum.skipped += Number(skipped);
}

for (const { name, check, needs, absent } of checks) {
  const reason = needs !== undefined && !existsSync(needs) ? `${needs} is not there` : (absent ?? null);
  if (reason !== null) {
    console.log(`skip ${name}: ${reason}`);
    sum.skipped += 1;
    continue;
  }
  try {
    const figure = await check();
    const missing = typeof figure === 'object';
    console.log(missing ? `skip ${name}: ${figure.absent}` : `ok   ${name}: ${figure}`);
    sum[missing ? 'skipped' : 'passed'] += 1;
  } catch (error) {
    console.log(`FAIL ${name}: ${error.message}`);
    sum.failed += 1;
  }
}
if (sum.skipped > 0) console.log(`${sum.skipped} skipped`);
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exitCode = sum.failed > 0 || sum.passed === 0 ? 1 : 0;
