import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Bridge } from '../../firmware/configuration/bridges.ts';
import { startBroker } from '../../firmware/io/broker.ts';
import { within } from '../../firmware/within.ts';
import type { Rights } from '../../protocols/access.ts';
import { startAedes, type TestBroker } from '../support/brokers.ts';
import { createTestFleet } from '../support/fleet.ts';
import { temporaryFolder } from '../support/machine-recording.ts';
import { Learner, type MeshNodeOptions, type OpenMeshNode, openMeshNode } from '../support/mesh-node.ts';

const urlOf = ({ port }: TestBroker): string => `mqtt://127.0.0.1:${port}`;

/** The bridge as one file, in which a process is born in a tenth of the time. */
const bridgeProgram = async (folder: string): Promise<(options: MeshNodeOptions) => Promise<ChildProcess>> => {
  const program = join(folder, 'bridge-node.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('../support/bridge-node.ts', import.meta.url))],
    ...{ bundle: true, platform: 'node', format: 'esm', outfile: program, logLevel: 'silent' },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  return async (options) => {
    const child = spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout!, 'data');
    return child;
  };
};

/** Far longer than the two seconds in which newcomers find that nobody has anything, and a few cycles of 0.1 s. */
const ARRIVE_MS_MAX = 30_000;

const arrive = async (learners: readonly Learner[], isThere: (theta: Float64Array) => boolean): Promise<void> => {
  const all = Promise.all(learners.map((learner) => learner.reaches(isThere)));
  assert.ok(await within(all, ARRIVE_MS_MAX), learners.map(({ theta }) => `${theta}`).join(' | '));
};

const killed = async (child: ChildProcess): Promise<void> => {
  child.kill('SIGKILL');
  await once(child, 'close');
};

/** Nodes in this process, closed by `close`. */
const createNodes = (folder: string) => {
  const nodes: OpenMeshNode[] = [];
  return {
    open: async (place: Omit<MeshNodeOptions, 'directory' | 'bridges'>, bridges: readonly Bridge[] = []) => {
      const learner = new Learner();
      const node = await openMeshNode({ ...place, bridges, directory: join(folder, place.node) }, learner.share);
      nodes.push(node);
      return { learner, vitals: node.vitals };
    },
    close: async () => {
      await Promise.all(nodes.map((node) => node.close()));
    },
  };
};

const bridge = suite('mesh: a bridge between two brokers');

bridge('what one site learns reaches the other, also after kill -9 of the bridge; one broker may be away', async () => {
  const folder = await temporaryFolder();
  const [north, south] = [await startAedes({}), await startAedes({})];
  const nodes = createNodes(folder);
  const at = async (site: string, node: string, broker: TestBroker): Promise<Learner> =>
    (await nodes.open({ site, node, endpoint: { url: urlOf(broker) } })).learner;
  const [a1, a2] = [await at('north', 'a1', north), await at('north', 'a2', north)];
  const [b1, b2] = [await at('south', 'b1', south), await at('south', 'b2', south)];
  const start = await bridgeProgram(folder);
  const options: MeshNodeOptions = {
    ...{ site: 'north', node: 'gate', endpoint: { url: urlOf(north) }, directory: join(folder, 'gate') },
    bridges: [{ site: 'south', node: 'gate-2', broker: { url: urlOf(south) } }],
  };
  let gate = await start(options);
  try {
    a1.learn(12, 0);
    await arrive([a2, b1, b2], ([first = 0]) => first > 0.5);

    await killed(gate);
    gate = await start(options);
    b1.learn(0, -12);
    await arrive([a1, a2, b2], ([, second = 0]) => second < -0.5);

    await south.close();
    const before = a2.theta[0]!;
    a1.learn(40, 0);
    await arrive([a2], ([first = 0]) => first > before + 4);
  } finally {
    await killed(gate);
    await nodes.close();
    await north.close();
  }
});

bridge('a closed site lets its enrolled bridge in over TLS, with the files of its folder alone', async () => {
  const folder = await temporaryFolder();
  const fleet = await createTestFleet({ b1: 'node', gate: 'node' }, 'south');
  const { certificate, root } = await fleet.closed();
  const extras = (): Rights => ({ reads: [], writes: [] });
  const south = await startBroker({ port: 0, closed: { certificate, rules: { site: 'south', root, extras } } });
  const north = await startAedes({});
  const nodes = createNodes(folder);
  const folderOf = (name: string): string => dirname(fleet.files(name).rootFile);
  const inSouth = { endpoint: await fleet.endpoint('b1', south.port), fleet: folderOf('b1') };
  const b1 = await nodes.open({ site: 'south', node: 'b1', ...inSouth });
  const url = `mqtts://127.0.0.1:${south.port}`;
  const there = { site: 'south', broker: { url }, fleet: folderOf('gate') };
  const gate = await nodes.open({ site: 'north', node: 'gate', endpoint: { url: urlOf(north) } }, [there]);
  try {
    gate.learner.learn(12, 0);
    await arrive([b1.learner], ([first = 0]) => first > 0.5);
    const { meshBridges, meshBridgePeers } = gate.vitals.counters;
    assert.equal({ meshBridges, meshBridgePeers }, { meshBridges: 1, meshBridgePeers: 1 });
    assert.equal(gate.vitals.health, {});
    // Who was enrolled under another name there is told so before anything is opened.
    const stranger = nodes.open({ site: 'north', node: 'other', endpoint: { url: urlOf(north) } }, [there]);
    await stranger.then(
      () => assert.unreachable(),
      (error) => assert.is(error.code, 'notEnrolled'),
    );
  } finally {
    await nodes.close();
    await Promise.all([south.close(), north.close()]);
  }
});

bridge.run();
