// `npm run soak [-- MINUTES]`: runs the node on its bundled configuration, reads its resident memory from the kernel
// every few seconds, and fails when it ends above the budget or is still rising. Ten minutes unless told otherwise.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { root, stop } from './install.mjs';

const RESIDENT_BYTES_MAX = 120e6;
/** The last third of the run may rise by this much: the collector's own breathing, measured on still runs. */
const RISE_BYTES_MAX = 3e6;
const SAMPLES = 120;

const minutes = Number(process.argv[2] ?? 10);
if (!(minutes > 0)) stop('usage: npm run soak -- MINUTES', 2);

/** Resident bytes of a process as Linux accounts them (proc_pid_status(5), VmRSS); null when it has just ended. */
const residentBytes = (pid) => {
  const match = readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+) kB/);
  return match === null ? null : Number(match[1]) * 1024;
};

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

ensureBuilt();
const state = mkdtempSync(join(tmpdir(), 'myrmex-soak-'));
const args = [join(root, 'dist', 'myrmex.js'), 'run', '--duration', `${minutes}m`, '--state', state, '--json'];
const node = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
let output = '';
node.stdout.on('data', (chunk) => {
  output = (output + chunk).slice(-65_536);
});
const samples = [];
const look = () => {
  const bytes = residentBytes(node.pid);
  if (bytes !== null) samples.push(bytes);
};
const timer = setInterval(look, (minutes * 60_000) / SAMPLES);
node.on('exit', () => clearInterval(timer));
node.on('close', (code) => {
  rmSync(state, { recursive: true, force: true });
  if (code !== 0) stop(`the node ended with exit code ${code}`);
  const third = Math.floor(samples.length / 3);
  const [middle, last] = [median(samples.slice(third, 2 * third)), median(samples.slice(2 * third))];
  const { windows, latencyUs, experts } = JSON.parse(output.trimEnd().split('\n').at(-1));
  const report = { minutes, windows, residentBytesEnd: samples.at(-1), residentBytesMax: Math.max(...samples) };
  console.log(JSON.stringify({ ...report, riseBytes: last - middle, latencyUs, experts }));
  if (samples.at(-1) > RESIDENT_BYTES_MAX) stop(`resident memory ended above ${RESIDENT_BYTES_MAX} bytes`);
  if (last - middle > RISE_BYTES_MAX) stop(`resident memory still rises: ${last - middle} bytes over the last third`);
});
