import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const bundle = fileURLToPath(new URL('../../dist/myrmexctl.js', import.meta.url));

/** Runs the bundle, which is what people have; the other tests run the sources. */
const myrmexctl = (...args: string[]) => spawnSync(process.execPath, [bundle, ...args], { encoding: 'utf8' });

const commandLine = suite('myrmexctl, as bundled');

commandLine('a wrong command line ends with 2 and names what is wrong', () => {
  for (const args of [['--nope'], ['train', 'x.csv', '--nope'], ['model', 'inspect'], ['replay'], ['fly']]) {
    const { status, stderr, stdout } = myrmexctl(...args);
    assert.is(status, 2, args.join(' '));
    assert.is(stdout, '');
    assert.match(stderr, /error: /);
    assert.not.match(stderr, /^\s+at /m);
  }
});

commandLine('help and version are answers, not errors', () => {
  for (const args of [['--help'], ['--version'], ['train', '--help'], ['model', 'run', '--help']]) {
    const { status, stdout } = myrmexctl(...args);
    assert.is(status, 0, args.join(' '));
    assert.ok(stdout.length > 0);
  }
});

commandLine('input that is not there ends with 1 and one line', () => {
  for (const args of [
    ['replay', '/nowhere.csv', '--model', '/nowhere.tflite'],
    ['model', 'inspect', '/nowhere.tflite'],
    ['train', '/nowhere.csv', '--window', '1', '--stride', '1', '--out', '/tmp/never.tflite'],
  ]) {
    const { status, stderr } = myrmexctl(...args);
    assert.is(status, 1, args.join(' '));
    assert.match(stderr, /^myrmexctl: [^\n]*nowhere[^\n]*\n$/);
  }
});

commandLine('a fleet is made and grows, and takes back what it gave', () => {
  const dir = join(mkdtempSync(join(tmpdir(), 'myrmex-command-line-')), 'fleet');
  const fleet = (...args: string[]) => myrmexctl('fleet', ...args, '--dir', dir);
  assert.is(fleet('init', '--site', 'plant').status, 0);
  assert.match(fleet('enroll', 'anna', '--role', 'operator').stderr, /plant\/anna is enrolled as operator: serial 2/);
  assert.match(fleet('revoke', 'anna').stderr, /^revoked: serial 2\n/);
});

commandLine('train, inspect and replay work on a recording, in a row', () => {
  const folder = mkdtempSync(join(tmpdir(), 'myrmex-command-line-'));
  const [recording, model] = [join(folder, 'two.csv'), join(folder, 'two.tflite')];
  const rows = Array.from({ length: 400 }, (_, at) => {
    const hot = Math.floor(at / 10) % 2;
    return `oven,1,${at * 100},${hot ? 'hot' : 'cold'},${(hot + 0.2 * Math.sin(at * 12.9898)).toFixed(4)},${at % 7}`;
  });
  writeFileSync(recording, `node,segment,t_ms,label,degrees,noise\n${rows.join('\n')}\n`);
  const shape = ['--window', '1', '--stride', '1', '--hidden', '8', '--epochs', '5'];
  assert.is(myrmexctl('train', recording, ...shape, '--out', model).status, 0);
  assert.is(readFileSync(model).toString('latin1', 4, 8), 'TFL3');
  assert.match(myrmexctl('model', 'inspect', model).stdout, /FULLY_CONNECTED/);
  const replayed = myrmexctl('replay', recording, '--model', model, '--json');
  assert.is(replayed.status, 0, replayed.stderr);
  const report = JSON.parse(replayed.stdout.trimEnd().split('\n').at(-1) ?? '');
  assert.is(report.windows, 400);
  assert.ok(report.experts.mixture.accuracy > 0.9, `accuracy ${report.experts.mixture.accuracy}`);
});

commandLine('inspect reads a message from a pipe, and ends with 1 when it would be refused', () => {
  const [message] = JSON.parse(readFileSync(new URL('../vectors/signed-v1.json', import.meta.url), 'utf8'));
  const inspect = (input: string) =>
    spawnSync(process.execPath, [bundle, 'inspect', '-', '--json'], { encoding: 'utf8', input });
  const whole = inspect(message.hex);
  assert.is(whole.status, 0, whole.stderr);
  assert.is(JSON.parse(whole.stdout).signature.kid, message.kid);
  const part = inspect(message.hex.slice(0, 100));
  assert.is(part.status, 1);
  assert.is(JSON.parse(part.stdout).problem.reason, 'sign1Truncated');
});

commandLine.run();
