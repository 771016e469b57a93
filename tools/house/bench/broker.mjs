// `npm run bench:broker [-- RUNS]`: the embedded broker against bare aedes. Broker and load are processes of their own;
// runs of what is compared alternate, and medians are printed. Figures hold for the machine and its disk.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const MIB = 1024 * 1024;

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Runs `task(port, pid)` beside a broker that was just started, and ends it. */
const withBroker = async (kind, task) => {
  const directory = mkdtempSync(join(process.env.BENCH_DIRECTORY ?? tmpdir(), 'myrmex-bench-'));
  const args = ['--import', 'tsx', here('./broker-server.mjs'), kind, join(directory, 'broker')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  try {
    const [said] = await once(child.stdout, 'data');
    return await task(Number(String(said)), child.pid);
  } finally {
    child.kill('SIGKILL');
    await exited;
    rmSync(directory, { recursive: true });
  }
};

const load = (port, settings) =>
  JSON.parse(execFileSync(process.execPath, [here('./broker-load.mjs'), String(port), JSON.stringify(settings)]));

/** One load on each of the variants in turn, `runs` times; the values of each variant. */
const alternate = async (runs, variants, pick) => {
  const values = variants.map(() => []);
  for (let run = 0; run < runs; run++) {
    for (const [index, { kind, settings }] of variants.entries()) {
      values[index].push(pick(await withBroker(kind, (port) => load(port, settings))));
    }
  }
  return values;
};

export const durable = async (runs, inFlight, messages = 20_000) => {
  const settings = { kind: 'throughput', messages, inFlight, qos: 1, durable: true };
  const [values] = await alternate(runs, [{ kind: 'ours', settings }], ({ perSecond }) => perSecond);
  return median(values);
};

export const againstBare = async (runs, qos, messages = 40_000) => {
  const settings = { kind: 'throughput', messages, inFlight: 200, qos, durable: false };
  const variants = [
    { kind: 'ours', settings },
    { kind: 'bare', settings },
  ];
  const [ours, bare] = await alternate(runs, variants, ({ perSecond }) => perSecond);
  return { ours: median(ours), bare: median(bare), ratio: median(ours.map((value, run) => value / bare[run])) };
};

export const frozenSubscriber = async (runs, messages = 1_000) => {
  const settings = { kind: 'fanOut', subscribers: 100, messages, everyMs: 5, bytes: 4_096 };
  const variants = [true, false].map((frozen) => ({ kind: 'ours', settings: { ...settings, frozen } }));
  const [frozen, none] = await alternate(runs, variants, ({ p99Ms, delivered, expected }) => {
    if (delivered < expected) throw new Error(`${delivered} of ${expected} deliveries`);
    return p99Ms;
  });
  const shift = median(frozen.map((value, run) => value / none[run])) - 1;
  return { frozenMs: median(frozen), noneMs: median(none), shift };
};

export const floodedMemory = (messages = 100_000) =>
  withBroker('ours', (port, pid) => {
    const mib = (field) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(`${field}:\\s+(\\d+)`)[1]) / 1024;
    const before = mib('VmRSS');
    load(port, { kind: 'flood', messages, inFlight: 200, bytes: 1_024 });
    return { before, peak: mib('VmHWM'), floodMib: (messages * 1_024) / MIB };
  });

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const runs = Number(process.argv[2] ?? 5);
  const whole = (value) => Math.round(value).toLocaleString('en');
  for (const inFlight of [1, 10, 100, 500]) {
    const perSecond = await durable(runs, inFlight, inFlight === 1 ? 1_000 : inFlight === 10 ? 5_000 : 20_000);
    console.log(`durable QoS 1, ${inFlight} in flight: ${whole(perSecond)} messages a second end to end`);
  }
  for (const qos of [0, 1]) {
    const { ours, bare, ratio } = await againstBare(runs, qos);
    console.log(
      `nothing to store, QoS ${qos}: ${whole(ours)} a second, bare aedes ${whole(bare)}: ${ratio.toFixed(2)}`,
    );
  }
  const { frozenMs, noneMs, shift } = await frozenSubscriber(runs);
  const percent = `${shift < 0 ? '' : '+'}${(shift * 100).toFixed(1)} %`;
  console.log(
    `p99 of 99 subscribers: ${frozenMs.toFixed(2)} ms beside a frozen one, ${noneMs.toFixed(2)} without: ${percent}`,
  );
  const { before, peak, floodMib } = await floodedMemory();
  const resident = `${before.toFixed(0)} MiB resident before, ${peak.toFixed(0)} at most`;
  console.log(`${floodMib.toFixed(0)} MiB for an absent session: ${resident}`);
}
