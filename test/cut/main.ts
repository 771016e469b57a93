// `node --import tsx test/cut/main.ts [--seconds 60]`: three gateways that average through a broker in a process of its
// own; it is killed, stays away, and comes back on the same port. Cycles go on, and the door refuses nothing but what
// the network itself brought twice. How far apart they are is printed: they go on learning meanwhile.
import * as assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connectMqtt } from '../../firmware/io/mqtt.ts';
import { gossipFilter, parseTopic } from '../../protocols/topics.ts';
import { lastObject, myrmex, type Program } from '../end-to-end/programs.ts';
import { bundleBroker } from '../support/broker-child.ts';
import { openEar } from './ear.ts';

const SITE = 'plant';
const NODES = ['a', 'b', 'c'];
/** Complete cycles that everybody must have before the cut, and again after it. */
const CYCLES = 8;
const CYCLES_MS_MAX = 120_000;
const LOOK_MS = 250;
/** What was on its way to one and not to the other when the broker died: a message of each of the two peers. */
const REPEATS_UNHEARD = 2;

interface Status {
  readonly counters: Readonly<Record<string, number>>;
}

const statusOf = lastObject<Status>;
const cyclesOf = (program: Program): number => {
  // The last line may be half written.
  const found = [...program.stdout().matchAll(/"meshCycles":(\d+)/g)].at(-1);
  return Number(found?.[1] ?? 0);
};

const until = async (what: string, holds: () => boolean): Promise<void> => {
  for (let waited = 0; !holds(); waited += LOOK_MS) {
    if (waited > CYCLES_MS_MAX) throw new Error(`after ${waited} ms still not: ${what}`);
    await pause(LOOK_MS);
  }
};

const start = async (folder: string, node: string, url: string): Promise<Program> => {
  const configuration = {
    ...{ site: SITE, node, board: 'pc', seed: 0, state: join(folder, `state-${node}`), broker: { url } },
    sensor: { kind: 'simulated', seed: NODES.indexOf(node), drift: { beginMs: 0, endMs: 1_000 } },
    labeller: { rate: 0.25, delayMsMin: 100, delayMsMax: 200 },
    // As each says it: a defence would be slow to believe who comes back from far away.
    mesh: { everySeconds: 1, answerSeconds: 0.3, defence: 'none' },
    experts: ['frozen', 'renormalised', 'local', 'linear', 'context'],
  };
  const path = join(folder, `${node}.json`);
  await writeFile(path, JSON.stringify(configuration));
  return myrmex('run', '--config', path, '--json');
};

const cut = async (seconds: number) => {
  const folder = await mkdtemp(join(tmpdir(), 'myrmex-cut-'));
  const program = bundleBroker();
  let broker = await program.spawn(join(folder, 'broker'));
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const port = connectMqtt({ url, clientId: 'ear', retry: { firstMs: 50, mostMs: 100, stableMs: 10_000 } });
  const ear = await openEar();
  const nodes: Program[] = [];
  try {
    await port.subscribe(gossipFilter(SITE, {}), (topic, payload) => {
      const parts = parseTopic(topic);
      if (parts?.peer !== undefined) ear.heard(parts.node, parts.peer, payload);
    });
    for (const node of NODES) nodes.push(await start(folder, node, url));
    await until('mass of everybody', () => ear.senders === NODES.length);
    const first = nodes.map(cyclesOf);
    await until('cycles before the cut', () => nodes.every((node, at) => cyclesOf(node) >= first[at]! + CYCLES));
    const before = nodes.map(cyclesOf);
    await broker.kill();
    await pause(seconds * 1_000);
    ear.forget();
    broker = await program.spawn(join(folder, 'broker'), broker.port);
    await until('mass of everybody after the cut', () => ear.senders === NODES.length);
    const apart = ear.distance();
    await until('cycles after the cut', () => nodes.every((node, at) => cyclesOf(node) >= before[at]! + CYCLES));
    const together = ear.distance();
    for (const node of nodes) node.process.kill('SIGTERM');
    for (const node of nodes) assert.equal(await node.ended, 0, node.stderr());
    const ends = nodes.map((node, at) => {
      const {
        meshRefused = 0,
        meshReplayed = 0,
        meshCycles = 0,
        meshUnmixed = 0,
        meshDropped = 0,
      } = statusOf(node).counters;
      return { meshRefused, meshReplayed, repeats: ear.repeats(NODES[at]!), meshCycles, meshUnmixed, meshDropped };
    });
    return { seconds, apart, together, ends };
  } finally {
    for (const node of nodes) node.process.kill('SIGKILL');
    await port.close();
    await broker.kill();
    program.remove();
    await rm(folder, { recursive: true, force: true });
  }
};

const { values: flags } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const figures = await cut(Number(flags.seconds));
for (const { meshReplayed, repeats, meshDropped } of figures.ends) {
  // A broker that died before it noted an acknowledgement delivers again, to a listener of its own as to a gateway.
  assert.ok(meshReplayed <= repeats + REPEATS_UNHEARD, `${meshReplayed} repeats refused, ${repeats} came twice`);
  assert.equal(meshDropped, 0);
}
console.log(JSON.stringify(figures));
