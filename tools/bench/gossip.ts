// `npm run bench:gossip`: figures of docs/mesh-gossip.md. Everything comes from seeds but the times.
import { createCodec } from '../../protocols/codec.ts';
import { openEnvelope, sealEnvelope } from '../../protocols/envelope.ts';
import { createGossip } from '../../protocols/gossip/gossip.ts';
import type { GossipEffect } from '../../protocols/gossip/options.ts';
import type { Precision } from '../../protocols/gossip/quantiser.ts';
import { roundsOf } from '../../protocols/gossip/schedule.ts';
import { GOSSIP, type GossipBody } from '../../protocols/messages/gossip.ts';
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
const SIGNATURE_BYTES = 86;

/** What it costs to open a message of 306 parameters, and to apply and answer it. */
const messageCost = (): void => {
  const codec = createCodec();
  const common = { generation: 1, lineage: '0123456789abcdef', parts: PARTS, entry: 'founder' } as const;
  const values = Float64Array.from({ length: 306 }, (_, i) => Math.sin(i));
  const [a, b] = ['press-1', 'press-2'].map((self) => createGossip({ ...common, self, values }));
  const members = ['press-1', 'press-2'].map((name) => ({ name, generation: 1, present: true }));
  for (const machine of [a!, b!]) machine.members(members, 0);
  const sentBy = (effects: readonly GossipEffect[]): GossipBody | null => {
    const effect = effects.find(({ kind }) => kind === 'send');
    return effect?.kind === 'send' ? effect.body : null;
  };
  const [opening, applying]: [number[], number[]] = [[], []];
  let bytes = 0;
  for (let i = 0; i < 20_000; i++) {
    const from = { sender: 'plant-1/press-1', epoch: 3, sequence: i, time: 1_795_420_800_123 };
    const sealed = sealEnvelope(codec, GOSSIP, from, sentBy(a!.begin(i))!);
    const start = performance.now();
    const opened = openEnvelope(codec, GOSSIP, sealed);
    const middle = performance.now();
    if (!opened.ok) throw new Error(opened.reason);
    const answer = b!.receive('press-1', opened.value.body, i);
    applying.push(performance.now() - middle);
    opening.push(middle - start);
    bytes = sealed.length;
    b!.begin(i);
    a!.receive('press-2', sentBy(answer)!, i);
  }
  const topic = 'mx/1/plant-1/press-1/gossip/press-2'.length;
  console.log(
    `306 parameters: ${bytes} bytes sealed, ${bytes + SIGNATURE_BYTES + topic} with signature and topic;` +
      ` open ${median(opening)} µs, apply and answer ${median(applying)} µs (medians)`,
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
messageCost();
scaling();
