// What 5,000 hostile messages a second do to a gateway: `npm run bench:hostile [-- --windows N --seconds S --json]`.
// Node, broker (Mosquitto if there is one) and attacker are processes of their own. Windows with and without the attack
// take turns; the latency from sample to decision is what the node says in its decisions.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connectMqtt, type MqttPort } from '../../firmware/io/mqtt.ts';
import { topicName } from '../../protocols/topics.ts';
import { nodeProgram, startNodeProcess } from '../sim/fleet/program.ts';
import { openBenchBroker } from './hostile-broker.ts';
import { latencyOf, lineageOf } from './hostile-messages.ts';

const SITE = 'plant';
const NODE = 'victim';
const MEMBERS = 4;
const PER_SECOND = 5_000;
/** Between two windows, so that the end of one does not reach into the next. */
const SETTLE_MS = 1_500;
/** A sixth of what it is unless told otherwise: the attacker must hear a cycle before it begins. */
const EVERY_SECONDS = 10;
const SENDER = fileURLToPath(new URL('../house/bench/hostile-sender.mjs', import.meta.url));
/** Of a tick of /proc/PID/stat. */
const TICK_MS = 10;

interface Window {
  readonly attacked: boolean;
  readonly decisions: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Share of one core that the node took. */
  readonly cores: number;
  readonly sent: number;
}

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
const median = (values: readonly number[]): number =>
  percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );

/** User and system time of a process, all threads, ms (proc(5): fields 14 and 15). */
const cpuMs = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
};

const said = async (child: ChildProcess): Promise<unknown> => (await once(child, 'message'))[0];

const settings = (url: string, state: string): object => ({
  ...{ site: SITE, node: NODE, board: 'pc', seed: 0, broker: { url }, state },
  sensor: { kind: 'simulated', seed: 1, drift: { beginMs: 0, endMs: 1_000 } },
  labeller: { rate: 0.25, delayMsMin: 500, delayMsMax: 2_000 },
  mesh: { everySeconds: EVERY_SECONDS, answerSeconds: 0.25 },
  experts: ['frozen', 'renormalised', 'local', 'linear', 'context'],
});

/** Retained by the broker as soon as the node shares. */
const lineage = (ear: MqttPort): Promise<string> =>
  new Promise((resolve) => {
    void ear.subscribe(topicName(SITE, NODE, 'presence'), (_topic, payload) => {
      const found = lineageOf(payload);
      if (found !== null) resolve(found);
    });
  });

const measure = async (windows: number, seconds: number) => {
  const folder = await mkdtemp(join(tmpdir(), 'myrmex-hostile-'));
  const broker = await openBenchBroker(folder);
  const ear = connectMqtt({ url: broker.url, clientId: 'ear' });
  const config = join(folder, 'node.json');
  await writeFile(config, JSON.stringify(settings(broker.url, join(folder, 'state'))));
  const node = startNodeProcess(nodeProgram(), ['run', '--config', config, '--json', '--log-level', 'error']);
  let attacker: ChildProcess | null = null;
  try {
    let latencies: number[] = [];
    await ear.subscribe(topicName(SITE, NODE, 'decision'), (_topic, payload) => {
      const latencyUs = latencyOf(payload);
      if (latencyUs !== null) latencies.push(latencyUs);
    });
    const args = [new URL(broker.url).port, SITE, NODE, await lineage(ear), `${MEMBERS}`, `${PER_SECOND}`];
    attacker = fork(SENDER, args, { execArgv: ['--import', 'tsx'] });
    await said(attacker);
    const taken: Window[] = [];
    for (let at = 0; at < 2 * windows; at++) {
      const attacked = at % 2 === 1;
      // Also before a quiet window: both begin alike.
      attacker.send({ cycle: 1_000 * (at + 1) });
      await said(attacker);
      await pause(SETTLE_MS);
      latencies = [];
      const before = cpuMs(node.child.pid!);
      if (attacked) attacker.send('begin');
      await pause(seconds * 1_000);
      const sorted = latencies.sort((a, b) => a - b);
      const cores = (cpuMs(node.child.pid!) - before) / (seconds * 1_000);
      if (attacked) attacker.send('end');
      const sent = attacked ? ((await said(attacker)) as { sent: number }).sent : 0;
      const [p50Us, p99Us] = [percentile(sorted, 0.5), percentile(sorted, 0.99)];
      taken.push({ attacked, decisions: sorted.length, p50Us, p99Us, cores, sent });
    }
    node.child.kill('SIGTERM');
    const { last } = await node.ended;
    const { counters } = JSON.parse(last) as { counters: Readonly<Record<string, number>> };
    return { broker: broker.name, taken, counters };
  } finally {
    attacker?.kill();
    node.child.kill();
    await ear.close();
    await broker.close();
    await rm(folder, { recursive: true, force: true });
  }
};

const { values: flags } = parseArgs({
  options: {
    windows: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
});
const { broker, taken, counters } = await measure(Number(flags.windows), Number(flags.seconds));
const of = (attacked: boolean, figure: (window: Window) => number): number =>
  median(taken.filter((window) => window.attacked === attacked).map(figure));
const figures = {
  ...{ broker, perSecond: PER_SECOND, members: MEMBERS, windows: taken },
  quiet: { p50Us: of(false, ({ p50Us }) => p50Us), p99Us: of(false, ({ p99Us }) => p99Us) },
  attacked: { p50Us: of(true, ({ p50Us }) => p50Us), p99Us: of(true, ({ p99Us }) => p99Us) },
  cores: { quiet: of(false, ({ cores }) => cores), attacked: of(true, ({ cores }) => cores) },
  counters: Object.fromEntries(Object.entries(counters).filter(([name]) => name.startsWith('mesh'))),
};
const ratio = { p50: figures.attacked.p50Us / figures.quiet.p50Us, p99: figures.attacked.p99Us / figures.quiet.p99Us };
if (flags.json) process.stdout.write(`${JSON.stringify({ ...figures, ratio })}\n`);
else {
  for (const { attacked, decisions, p50Us, p99Us, cores, sent } of taken) {
    const times = `p50 ${p50Us.toFixed(0)} µs, p99 ${p99Us.toFixed(0)} µs, ${(100 * cores).toFixed(0)} % of a core`;
    console.log(`${attacked ? 'attacked' : 'quiet   '} ${times}, ${decisions} decisions, ${sent} hostile messages`);
  }
  const { quiet, cores } = figures;
  console.log(`through ${broker}: p99 ${quiet.p99Us.toFixed(0)} -> ${figures.attacked.p99Us.toFixed(0)} µs (medians)`);
  console.log(`ratio p99 ${ratio.p99.toFixed(2)}, p50 ${ratio.p50.toFixed(2)}`);
  console.log(`processor: ${(100 * cores.quiet).toFixed(0)} -> ${(100 * cores.attacked).toFixed(0)} % of a core`);
  console.log(JSON.stringify(figures.counters));
}
