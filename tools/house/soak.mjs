// `npm run soak -- [MINUTES] [WINDOWS_PER_S]`: runs the node with its embedded broker, the demonstration's machine and
// an operator who answers one window in a hundred; reads its resident memory and what it wrote from the kernel; prints
// one JSON object and says whether it keeps to its bounds. Ten minutes at 50 windows a second unless told otherwise.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { root, stop } from './install.mjs';

const RESIDENT_BYTES_MAX = 110e6;
const GROWTH_BYTES_PER_HOUR_MAX = 0.5e6;
/** Caches fill, the compiler settles: what comes after is growth. A shorter run leaves out its first half. */
const SETTLING_MS = 600_000;
/**
 * Below this the collector's breathing (about 1 MB) hides half a megabyte an hour, and labels come by chance: ten
 * minutes may hold twice as many as a day of them. Then the figures are only shown.
 */
const JUDGED_MS_MIN = 1_800_000;
const WRITTEN_BYTES_PER_DAY_MAX = 25e6;
/** The bound on writing is for one window a second: at other rates the figure is only shown. */
const WRITTEN_AT_RATE = 1;
const SAMPLE_MS = 2_000;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const LABEL_RATE = 0.01;
/** Until the first window, on a busy machine. */
const START_S_MAX = 3;

const [minutes, rate] = [Number(process.argv[2] ?? 10), Number(process.argv[3] ?? 50)];
if (!(minutes > 0 && rate > 0)) stop('usage: npm run soak -- [MINUTES] [WINDOWS_PER_S]', 2);

/**
 * proc_pid_smaps(5), Rss: VmRSS of proc_pid_status(5) "is inaccurate", by more than the growth that is looked for. And
 * proc_pid_io(5), write_bytes. Null when the process has just ended.
 */
const look = (pid) => {
  try {
    const resident = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').match(/^Rss:\s+(\d+) kB/m);
    const written = readFileSync(`/proc/${pid}/io`, 'utf8').match(/^write_bytes: (\d+)/m);
    return resident && written && { resident: Number(resident[1]) * 1024, written: Number(written[1]) };
  } catch {
    return null;
  }
};

/** Least squares. */
const slope = (points) => {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([at]) => at)), mean(points.map(([, value]) => value))];
  const top = points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0);
  return top / points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
};

ensureBuilt();
// Not below /tmp: that may be memory, and what is written there reaches no disk.
const folder = mkdtempSync(join(root, 'dist', 'soak-'));
const model = join(folder, 'machine.tflite');
const made = spawnSync(process.execPath, ['--import', 'tsx', 'tools/make-soak-model.ts', `${rate}`, model], {
  cwd: root,
  stdio: 'inherit',
});
if (made.status !== 0) stop('the model could not be made');
const configuration = {
  ...{ site: 'soak', node: 'gateway-1', board: 'pc', seed: 0, model, state: join(folder, 'state') },
  broker: { embedded: true, port: 0 },
  sensor: { kind: 'simulated', seed: 1, drift: { beginMs: 60_000, endMs: 120_000 } },
  labeller: { rate: LABEL_RATE, delayMsMin: 500, delayMsMax: 2_000 },
  experts: ['frozen', 'renormalised', 'local'],
};
const config = join(folder, 'node.json');
writeFileSync(config, JSON.stringify(configuration));
const args = [join(root, 'dist', 'myrmex.js'), 'run', '--config', config, '--duration', `${minutes}m`, '--json'];
// As the systemd unit and `npm start` have it.
const env = { ...process.env, MALLOC_ARENA_MAX: '2' };
const node = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => node.kill('SIGTERM'));
let output = '';
node.stdout.on('data', (chunk) => {
  output = (output + chunk).slice(-65_536);
});
const began = performance.now();
const samples = [];
const timer = setInterval(() => {
  const seen = look(node.pid);
  if (seen !== null) samples.push([performance.now() - began, seen.resident, seen.written]);
}, SAMPLE_MS);
node.on('exit', () => clearInterval(timer));
node.on('close', (code) => {
  rmSync(folder, { recursive: true, force: true });
  if (code !== 0) stop(`the node ended with exit code ${code}`);
  const [lasted, residentBytesEnd, written] = samples.at(-1);
  const settled = samples.filter(([at]) => at >= Math.min(SETTLING_MS, lasted / 2));
  const residentBytesMax = Math.max(...samples.map(([, bytes]) => bytes));
  const growthBytesPerHour = Math.round(slope(settled) * HOUR_MS);
  // From the first sample on, as a start writes once what a day does not.
  const writtenBytesPerDay = Math.round(((written - samples[0][2]) * DAY_MS) / (lasted - samples[0][0]));
  const { windows, labels, dropped, health, latencyUs, experts } = JSON.parse(output.trimEnd().split('\n').at(-1));
  const figures = { residentBytesEnd, residentBytesMax, growthBytesPerHour, writtenBytesPerDay };
  console.log(JSON.stringify({ minutes, rate, windows, labels, dropped, ...figures, latencyUs, health, experts }));
  if (residentBytesMax > RESIDENT_BYTES_MAX) stop(`resident memory went above ${RESIDENT_BYTES_MAX} bytes`);
  const judged = lasted - settled[0][0] >= JUDGED_MS_MIN;
  if (judged && growthBytesPerHour > GROWTH_BYTES_PER_HOUR_MAX) stop(`memory grows: ${growthBytesPerHour} bytes/h`);
  if (judged && rate === WRITTEN_AT_RATE && writtenBytesPerDay > WRITTEN_BYTES_PER_DAY_MAX) stop('it writes too much');
  const due = (lasted / 1_000 - START_S_MAX) * rate;
  if (windows < 0.98 * due) stop(`only ${windows} windows`);
  console.log(judged ? 'kept to its bounds' : 'kept to its bounds; too short to judge growth and writing');
});
