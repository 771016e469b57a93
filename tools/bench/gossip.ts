// `npm run bench:gossip`: figures of docs/mesh-gossip.md. Everything comes from seeds but the times.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIdentity, type Identity } from '../../firmware/io/keys.ts';
import { createRandom } from '../../kernels/random.ts';
import { createCodec } from '../../protocols/codec.ts';
import { encodeSign1 } from '../../protocols/cose/sign1.ts';
import { Door } from '../../protocols/door.ts';
import { sealEnvelope } from '../../protocols/envelope.ts';
import { createGossip } from '../../protocols/gossip/gossip.ts';
import type { GossipEffect } from '../../protocols/gossip/options.ts';
import type { Precision } from '../../protocols/gossip/quantiser.ts';
import { roundsOf } from '../../protocols/gossip/schedule.ts';
import { GOSSIP, type GossipBody } from '../../protocols/messages/gossip.ts';
import { ReplayWindows } from '../../protocols/replay-windows.ts';
import { createDefence } from '../../protocols/robust/create-defence.ts';
import { DEFENCE_NAMES, type DefenceName } from '../../protocols/robust/defence.ts';
import { MESH_DEFAULTS } from '../sim/mesh-options.ts';
import { type MeshReport, simulateMesh } from '../sim/simulate-mesh.ts';

const clocks = (): { elapsedMs: number; cpuMs: number } => {
  const { user, system } = process.cpuUsage();
  return { elapsedMs: performance.now(), cpuMs: (user + system) / 1_000 };
};

/** One cycle without faults. */
const oneCycle = (nodes: number, precision: Precision): MeshReport =>
  simulateMesh({ ...MESH_DEFAULTS, nodes, rounds: roundsOf(nodes), duplicates: 0, precision }, clocks);

const exactness = (precision: Precision): void => {
  const reports = [...Array.from({ length: 256 }, (_, i) => i + 2), 1_024].map((nodes) => oneCycle(nodes, precision));
  const worst = (figure: (report: MeshReport) => number): number => Math.max(...reports.map(figure));
  const over = reports.filter(({ errorQuanta }) => errorQuanta > 1).length;
  const rounds = reports.every(({ nodes, rounds: took }) => took <= Math.ceil(Math.log2(nodes)) + 1);
  console.log(
    `${precision}: N = 2 … 257 and 1,024, one cycle, ≤ ⌈log2 N⌉ + 1 rounds: ${rounds}; largest error of any value` +
      ` ${worst(({ error }) => error).toExponential(1)}, ${worst(({ errorQuanta }) => errorQuanta).toFixed(2)} levels` +
      ` of int8; fleets over one level ${over} of ${reports.length}`,
  );
};

const PARTS = Array.from({ length: 6 }, (_, i) => ({ offset: 51 * i, length: 51 }));
const SIZE = 306;
const NAMES = ['press-1', 'press-2'];
const MESSAGES = 6_000;
const OTHERS = 16;
const NO_LIMIT = { perSecond: 1e9, burst: 1e9 };

const sentBy = (effects: readonly GossipEffect[]): GossipBody => {
  const effect = effects.find(({ kind }) => kind === 'send');
  if (effect?.kind !== 'send') throw new Error('nothing was said');
  return effect.body;
};

/** From the bytes that came to what is mixed and the answer, by the rule against liars; both nodes learn meanwhile. */
const messageCost = (identity: Identity, defence: DefenceName): void => {
  const codec = createCodec();
  const random = createRandom(1, 'message cost');
  const common = { generation: 1, lineage: '0123456789abcdef', parts: PARTS, entry: 'founder' } as const;
  const values = Float64Array.from({ length: SIZE }, (_, i) => Math.sin(i));
  const rules = NAMES.map(() => createDefence(defence));
  const [a, b] = NAMES.map((self, at) => createGossip({ ...common, defence: () => rules[at]!, self, values }));
  const members = NAMES.map((name) => ({ name, generation: 1, present: true }));
  for (const machine of [a!, b!]) machine.members(members, 0);
  const windows = new ReplayWindows(NAMES.length);
  const door = new Door({ codec, rate: NO_LIMIT, bytesMax: 1_024, windows, keyOf: () => identity.publicKey });
  const topic = 'mx/1/plant-1/press-1/gossip/press-2';
  const [admitting, applying, whole]: [number[], number[], number[]] = [[], [], []];
  let bytes = 0;
  for (let i = 0; i < MESSAGES; i++) {
    const moved = Float64Array.from({ length: SIZE }, () => 0.01 * random.normal());
    a!.moved(moved);
    // The rule has heard as many others as it keeps.
    rules[1]!.admit(values, `press-${3 + (i % OTHERS)}`, moved);
    const from = { sender: 'plant-1/press-1', epoch: 3, sequence: i, time: 1_795_420_800_123 };
    const sealed = sealEnvelope(codec, GOSSIP, from, sentBy(a!.begin(i)));
    const signed = encodeSign1(sealed, identity.publicKey.kid, identity.sign);
    const start = performance.now();
    const admission = door.admit(GOSSIP, topic, signed, i);
    const middle = performance.now();
    if (!admission.ok) throw new Error(admission.reason);
    const answer = b!.receive('press-1', admission.value.body, i);
    const end = performance.now();
    admitting.push(middle - start);
    applying.push(end - middle);
    whole.push(end - start);
    bytes = signed.length;
    b!.begin(i);
    a!.receive('press-2', sentBy(answer), i);
  }
  console.log(
    `${SIZE} parameters, ${defence}: ${bytes} bytes signed, ${bytes + topic.length} with topic; rate, signature and` +
      ` decoding ${median(admitting)} µs, applying and answering ${median(applying)} µs, both ${median(whole)} µs`,
  );
};

const median = (times: readonly number[]): string =>
  (1_000 * times.toSorted((x, y) => x - y)[times.length >> 1]!).toFixed(1);

const scaling = (): void => {
  for (const nodes of [32, 64, 128, 256, 512, 1_024]) {
    const report = simulateMesh({ ...MESH_DEFAULTS, nodes, rounds: 100 }, clocks);
    const nodeRounds = report.nodes * report.rounds;
    console.log(
      `${String(nodes).padStart(5)} nodes: ${((1_000 * report.cpuMs) / nodeRounds).toFixed(0)} µs of processor,` +
        ` ${report.messagesPerNodeRound.toFixed(2)} messages,` +
        ` ${report.bytesPerNodeRound.toFixed(0)} bytes a node and round`,
    );
  }
};

exactness('float64');
exactness('int8');
const folder = mkdtempSync(join(tmpdir(), 'myrmex-bench-gossip-'));
try {
  const identity = await createIdentity(join(folder, 'one.key'));
  for (const defence of DEFENCE_NAMES) messageCost(identity, defence);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
scaling();
