import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NodeError } from '../../firmware/errors.ts';
import { type Broker, startBroker } from '../../firmware/io/broker.ts';
import { openReceived } from '../../firmware/io/received.ts';
import type { Rights } from '../../protocols/access.ts';
import { LIMITS } from '../../protocols/limits.ts';
import { aclOf } from '../../tools/broker/acl.ts';
import { CommandError } from '../../tools/errors.ts';
import { type Origin, openOrigin, passingOrigin } from '../../tools/publish/origin.ts';
import { type PublishReport, publish } from '../../tools/publish/publish.ts';
import { createTestFleet, type TestFleet } from '../support/fleet.ts';
import { temporaryFolder } from '../support/machine-recording.ts';
import { mosquittoPresent, startMosquitto } from '../support/mosquitto.ts';
import { openLiar } from '../support/tree-liar.ts';
import { fastClock, openTreeNode, TREE_SITE, type TreeNode } from '../support/tree-site.ts';

const TYPE = 'application/octet-stream';
const NODES = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6'];

interface Bench {
  broker: Broker;
  close: (() => Promise<unknown>)[];
}

const trees = suite<Bench>('trees, on a real broker');
trees.before.each((bench) => {
  Object.assign(bench, { close: [] });
});
trees.after.each(async ({ close }) => {
  for (const one of close.reverse()) await one();
});

const start = async (bench: Bench, fleet: TestFleet | null): Promise<void> => {
  const broker = await startBroker({ port: 0, ...(fleet === null ? {} : { closed: await closedBy(fleet) }) });
  bench.broker = broker;
  bench.close.push(broker.close);
};

const closedBy = async (fleet: TestFleet) => {
  const { certificate, root } = await fleet.closed();
  return { certificate, rules: { site: TREE_SITE, root, extras: (): Rights => ({ reads: [], writes: [] }) } };
};

const enter = async (bench: Bench, name: string, fleet: TestFleet | null, before?: TreeNode): Promise<TreeNode> => {
  const { url, port } = bench.broker;
  const endpoint = fleet === null ? { url } : await fleet.endpoint(name, port);
  const directory = before?.directory ?? (await temporaryFolder());
  const node = await openTreeNode({ name, endpoint, directory, fleet, epoch: before === undefined ? 1 : 2 });
  bench.close.push(node.close);
  return node;
};

/** All of them, and each knows of all. @param others who are there besides */
const enterAll = async (bench: Bench, fleet: TestFleet | null, others = 0): Promise<readonly TreeNode[]> => {
  const nodes = await Promise.all(NODES.map((name) => enter(bench, name, fleet)));
  await Promise.all(nodes.map((node) => node.counted('meshPeers', NODES.length - 1 + others)));
  return nodes;
};

const given = ({ directory }: TreeNode, topic: string, origin: string): Promise<Uint8Array> =>
  readFile(join(directory, 'received', topic, `${origin}.bin`)).then((bytes) => new Uint8Array(bytes));

const say = async (bench: Bench, fleet: TestFleet | null, origin: Origin, content: Uint8Array, topic = 'model') => {
  const { url, port } = bench.broker;
  const endpoint = fleet === null ? { url } : await fleet.endpoint(origin.name, port);
  const progress: string[] = [];
  const report: PublishReport = await publish({
    ...{ endpoint, origin, topic, type: TYPE, content, waitMs: 600_000, clock: fastClock() },
    progress: (has, waiting) => void progress.push(`${has} ${waiting.length}`),
  });
  return { report, progress };
};

trees('open: six nodes have the largest file once and equal, and a second one takes its place', async (bench) => {
  await start(bench, null);
  const nodes = await enterAll(bench, null);
  for (const sequence of [1, 2]) {
    const content = new Uint8Array(randomBytes(LIMITS.publishedBytesMax));
    const origin = { ...passingOrigin(TREE_SITE, Date.now()), sequence };
    const { report, progress } = await say(bench, null, origin, content);
    const { ms: _, relays, ...facts } = report;
    assert.equal(facts, {
      ...{ topic: 'model', origin: 'myrmexctl', sequence, bytes: 49_152, members: 6, delivered: 6 },
      ...{ missed: [], uncounted: 0, absent: [] },
    });
    assert.is(relays.length, 3, `${relays}`);
    assert.is(progress.at(-1), '6 0');
    for (const node of nodes) {
      assert.is(node.vitals.counters.treeDelivered, sequence, node.name);
      assert.is(node.vitals.counters.treeRefused, undefined);
      assert.equal(await given(node, 'model', 'myrmexctl'), content);
      assert.match(node.notices.at(-1)!, /myrmexctl has published model \d: 49152 bytes of application\/octet-stream/);
    }
  }
  const relayed = nodes.reduce((sum, { vitals }) => sum + (vitals.counters.treeRelayed ?? 0), 0);
  assert.is(relayed, 6, 'three of six each time, as the desk gave it to three');
});

trees(
  'fleet: the dead one is missed; what a liar forges, alters or repeats is refused, also after a restart',
  async (bench) => {
    const fleet = await createTestFleet({
      ...Object.fromEntries(NODES.map((name) => [name, 'node' as const])),
      ...{ liar: 'node', anna: 'operator' },
    });
    await start(bench, fleet);
    const liar = await openLiar({ fleet, name: 'liar', port: bench.broker.port });
    bench.close.push(liar.close);
    const nodes = await enterAll(bench, fleet, 1);
    const folder = join(fleet.files('anna').rootFile, '..');
    const contents = [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5)];
    for (const [i, content] of contents.entries()) {
      const { report } = await say(bench, fleet, await openOrigin(folder, 1_000 + i), content);
      assert.equal([report.missed, report.delivered, report.uncounted], [['liar'], 6, 0]);
      for (const node of nodes) assert.equal(await given(node, 'model', 'anna'), content, node.name);
    }
    const [old, newest] = await liar.heard(2);
    const [victim, ...others] = nodes as [TreeNode, ...TreeNode[]];
    const refused = victim.vitals.counters.treeRefused ?? 0;
    const altered = newest!.with(newest!.length - 70, newest!.at(-70)! ^ 1);
    const attempts = [old!, altered, liar.signed('anna', 5_000), liar.signed('liar', 5_000), new Uint8Array(9)];
    for (const [i, publication] of attempts.entries()) {
      liar.give(victim.name, [i === 3 ? 'liar' : 'anna', 'liar'], publication);
      await victim.counted('treeRefused', refused + i + 1);
    }
    liar.give(victim.name, ['anna', 'liar'], newest!);
    await victim.counted('treeRepeated', 1);
    assert.is(victim.vitals.counters.treeDelivered, 2);
    assert.equal(await given(victim, 'model', 'anna'), contents[1]);

    await victim.close();
    const again = await enter(bench, victim.name, fleet, victim);
    await again.counted('meshPeers', NODES.length);
    liar.give(again.name, ['anna', 'liar'], old!);
    await again.counted('treeRefused', 1);
    liar.give(again.name, ['anna', 'liar'], newest!);
    await again.counted('treeRepeated', 1);
    assert.is(again.vitals.counters.treeDelivered, undefined);
    await liar.close();
    const third = await openOrigin(folder, 1_000);
    assert.is(third.sequence, 1_002, 'above those before, though the clock went back');
    const { report } = await say(bench, fleet, third, Uint8Array.of(6));
    assert.equal([report.delivered, report.missed], [6, []]);
    for (const node of [again, ...others]) assert.equal(await given(node, 'model', 'anna'), Uint8Array.of(6));
    assert.is(again.vitals.counters.treeDelivered, 1);
  },
);

trees('only an operator publishes in a fleet, and whoever may not is told why', async (bench) => {
  const fleet = await createTestFleet({ n1: 'node', anna: 'operator', vera: 'viewer' });
  await start(bench, fleet);
  const folder = (name: string): string => join(fleet.files(name).rootFile, '..');
  const content = Uint8Array.of(1);
  const codeOf = (attempt: Promise<unknown>): Promise<string> =>
    attempt.then(
      () => 'done',
      (error: unknown) => (error instanceof CommandError || error instanceof NodeError ? error.code : String(error)),
    );
  const anna = await openOrigin(folder('anna'), 1);
  assert.is(await codeOf(say(bench, fleet, anna, content)), 'nobodyThere');
  await enter(bench, 'n1', fleet);
  for (const name of ['n1', 'vera']) assert.is(await codeOf(openOrigin(folder(name), 1)), 'notOperator');
  const as = (name: string) => ({ ...fleet, endpoint: (_: string, port: number) => fleet.endpoint(name, port) });
  assert.is(await codeOf(say(bench, as('vera'), anna, content)), 'publicationRefused');
  // A fleet on a broker that lets everyone in: its gateways would not believe a key that nobody has enrolled.
  await start(bench, null);
  const directory = await temporaryFolder();
  const inside = await openTreeNode({ name: 'n1', endpoint: bench.broker, directory, fleet, epoch: 1 });
  bench.close.push(inside.close);
  assert.is(await codeOf(say(bench, null, passingOrigin(TREE_SITE, 1), content)), 'identityNeeded');
});

const onMosquitto = async (bench: Bench): Promise<void> => {
  const fleet = await createTestFleet({ n1: 'node', n2: 'node', anna: 'operator' });
  const acl = join(await temporaryFolder(), 'acl');
  const rights = (node: string) => {
    return { node, username: `${TREE_SITE}-${node}`, reads: [], writes: [], labelsItself: false };
  };
  const users = { operators: [`${TREE_SITE}-anna`], viewers: [] };
  await writeFile(acl, aclOf({ site: TREE_SITE, prefix: null, nodes: ['n1', 'n2'].map(rights), ...users }));
  const mosquitto = await startMosquitto([...(await fleet.mosquitto()), `acl_file ${acl}`]);
  bench.close.push(mosquitto.stop);
  bench.broker = { url: '', port: mosquitto.port, close: mosquitto.stop };
  const nodes = await Promise.all(['n1', 'n2'].map((name) => enter(bench, name, fleet)));
  await Promise.all(nodes.map((node) => node.counted('meshPeers', 1)));
  const anna = await openOrigin(join(fleet.files('anna').rootFile, '..'), 1);
  const { report } = await say(bench, fleet, anna, Uint8Array.of(1, 2));
  assert.equal([report.delivered, report.missed], [2, []]);
  for (const node of nodes) assert.equal(await given(node, 'model', 'anna'), Uint8Array.of(1, 2));
};
const mosquittoCase = 'on Mosquitto the access list of myrmexctl lets an operator publish to all';
if (mosquittoPresent()) trees(mosquittoCase, onMosquitto);
else trees.skip(`${mosquittoCase}: mosquitto is not installed`);

trees('a node that cannot write says nothing, so that it is missed, and says what is wrong', async (bench) => {
  await start(bench, null);
  const node = await enter(bench, 'n1', null);
  await writeFile(join(node.directory, 'received'), 'not a folder');
  const { report } = await say(bench, null, passingOrigin(TREE_SITE, 5), Uint8Array.of(1));
  assert.equal([report.missed, report.delivered], [['n1'], 0]);
  assert.match(node.vitals.health.received!, /cannot be kept/);
  assert.is(node.vitals.counters.treeDelivered, undefined);
});

trees('what was received is bounded: of too many topics that of the lowest number goes, file and all', async () => {
  const directory = await temporaryFolder();
  const received = await openReceived(directory);
  for (let i = 0; i < 70; i++) {
    const publication = { topic: `t${i}`, origin: 'anna', sequence: 100 + i, type: TYPE, content: Uint8Array.of(i) };
    await received.write(publication);
    received.newest.note(publication);
    await received.commit();
  }
  const read = (i: number) => readFile(join(directory, 'received', `t${i}`, 'anna.bin')).catch(() => null);
  assert.equal([await read(5), (await read(6))?.[0], (await read(69))?.[0]], [null, 6, 69]);
  const { newest } = await openReceived(directory);
  assert.is(newest.standing({ topic: 't5', origin: 'anna', sequence: 105 }), 'old');
  assert.is(newest.standing({ topic: 't6', origin: 'anna', sequence: 106 }), 'known');
  for (const damage of ['', '{}', '{"version":1,"floor":-1,"received":[{}]}']) {
    await writeFile(join(directory, 'received.json'), damage);
    const error = await openReceived(directory).catch((reason: unknown) => reason);
    assert.ok(error instanceof NodeError && error.code === 'receivedState', String(error));
  }
});

trees.run();
