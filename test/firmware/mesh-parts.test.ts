import { writeFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { meshFault } from '../../firmware/configuration/mesh.ts';
import { readMeshState, writeMeshState } from '../../firmware/io/mesh-state.ts';
import { createShare } from '../../firmware/io/share.ts';
import { Guards } from '../../firmware/mesh/guards.ts';
import { LossBook } from '../../firmware/mesh/loss-book.ts';
import { MemberList } from '../../firmware/mesh/member-list.ts';
import { createTurns } from '../../firmware/mesh/turns.ts';
import { GivenPart } from '../../firmware/pipeline/given-part.ts';
import type { SharedParameters } from '../../firmware/pipeline/shared-expert.ts';
import { createShareDesk, SHARE, shareMemory } from '../../firmware/worker/share-memory.ts';
import { createCodec } from '../../protocols/codec.ts';
import type { PresenceBody } from '../../protocols/messages/presence.ts';
import { createDefence } from '../../protocols/robust/create-defence.ts';
import { createNoDefence } from '../../protocols/robust/no-defence.ts';
import { temporaryFolder } from '../support/machine-recording.ts';

const LINEAGE = '0123456789abcdef';
const shape = { size: 2, parts: [{ offset: 0, length: 2 }], lineage: LINEAGE };

const share = suite('mesh: what a node shares');

share('a change is added to whatever the worker has learned meanwhile', async () => {
  const theta = new Float64Array([1, 2]);
  const memory = shareMemory(2);
  const shared: SharedParameters = {
    ...shape,
    read: (out) => out.set(theta),
    write: (values) => theta.set(values),
    judge: (values) => values[0]! + values[1]!,
  };
  const desk = createShareDesk({ shared, given: new GivenPart(shared) }, memory, () => 9);
  const asked: number[] = [];
  const end = createShare(shape, memory, (verb) => asked.push(verb) > 0);
  /** The worker's turn comes later. */
  const work = (): void => end.answered(desk(asked.shift() as 0));
  const read = end.share.read();
  const added = end.share.add(new Float64Array([10, 20]));
  assert.equal(asked, [SHARE.read], 'one vector, one request at a time');
  work();
  assert.equal([...(await read)], [1, 2]);
  theta[0] = 5;
  work();
  await added;
  assert.equal([...theta], [15, 22]);
  const judged = end.share.judge(new Float64Array([3, 4]));
  work();
  assert.is(await judged, 7);
  const before = end.share.own();
  const given = end.share.give(new Float64Array([1, 1]), 77);
  const after = end.share.own();
  for (let turn = 0; turn < 3; turn++) work();
  await given;
  assert.equal(await before, { values: new Float64Array([5, 2]), labels: 9, giver: 0 }, 'not what was added');
  assert.equal([...theta], [6, 3]);
  assert.equal(await after, { values: new Float64Array([5, 2]), labels: 9, giver: 77 });
});

share('a worker that is gone answers nobody, and a full mailbox says so', async () => {
  let room = true;
  const end = createShare(shape, shareMemory(2), () => room);
  const waiting = [end.share.read(), end.share.judge(new Float64Array(2))];
  end.lost(new Error('gone'));
  for (const result of await Promise.allSettled([...waiting, end.share.read()])) assert.is(result.status, 'rejected');
  room = false;
  const full = createShare(shape, shareMemory(2), () => room);
  assert.match(String((await Promise.allSettled([full.share.read()]))[0]!.status), 'rejected');
});
share.run();

const members = suite('mesh: members');
const presence = (state: PresenceBody['state'], mesh?: PresenceBody['mesh']): PresenceBody => {
  return { state, version: '1', ...(mesh === undefined ? {} : { mesh }) };
};

members('are those of one lineage that presence has told of, in the order of their names', () => {
  const list = new MemberList({ name: 'm', generation: 7, present: true }, LINEAGE, 3);
  assert.ok(list.heard('z', presence('online', { lineage: LINEAGE, generation: 2 })));
  assert.not(list.heard('z', presence('online', { lineage: LINEAGE, generation: 2 })), 'nothing new');
  assert.not(list.heard('other', presence('online', { lineage: 'fedcba9876543210', generation: 1 })));
  assert.not(list.heard('gone', presence('offline', { lineage: LINEAGE, generation: 1 })), 'never seen alive');
  assert.not(list.heard('m', presence('offline')), 'of itself it knows best');
  assert.ok(list.heard('a', presence('online', { lineage: LINEAGE, generation: 1 })));
  assert.not(list.heard('one-more', presence('online', { lineage: LINEAGE, generation: 1 })), 'the bound');
  assert.equal(
    list.all.map(({ name }) => name),
    ['a', 'm', 'z'],
  );
  assert.is(list.present, 3);
});

members('whose will was published, or who has not said yet what it shares, is absent and not forgotten', () => {
  const list = new MemberList({ name: 'm', generation: 1, present: true }, LINEAGE, 9);
  list.heard('a', presence('online', { lineage: LINEAGE, generation: 1 }));
  for (const state of ['offline', 'online'] as const) {
    list.heard('a', presence(state));
    assert.equal(list.all[0], { name: 'a', generation: 1, present: false }, state);
  }
  assert.ok(list.heard('a', presence('online', { lineage: LINEAGE, generation: 2 })));
  assert.equal(list.all[0], { name: 'a', generation: 2, present: true });
});
members.run();

const parts = suite('mesh: other parts');

parts('turns are taken one after the other, a failure does not stop them, and only so many wait', async () => {
  const seen: string[] = [];
  const turns = createTurns(3, (error) => seen.push(String(error)));
  const work = (name: string) => async (): Promise<void> => {
    seen.push(`${name} begins`);
    await Promise.resolve();
    if (name === 'b') throw new Error('b failed');
    seen.push(`${name} ends`);
  };
  assert.equal(
    ['a', 'b', 'c', 'd'].map((name) => turns.take(work(name))),
    [true, true, true, false],
  );
  await turns.settled();
  assert.equal(seen, ['a begins', 'a ends', 'b begins', 'Error: b failed', 'c begins', 'c ends']);
});

parts('losses are known of what was asked, and of nothing when one of them is no number', () => {
  const book = new LossBook();
  const [one, two] = [new Float64Array([1, 2]), new Float64Array([3, 4])];
  book.note([
    { values: one, loss: 0.5 },
    { values: two, loss: 0.25 },
  ]);
  assert.equal([book.judge(one.slice()), book.judge(two)], [0.5, 0.25]);
  assert.ok(Number.isNaN(book.judge(new Float64Array([1, 3]))));
  book.note([
    { values: one, loss: Number.NaN },
    { values: two, loss: 0.25 },
  ]);
  assert.ok(Number.isNaN(book.judge(two)));
});

parts('what a peer itself made wrong is charged to it in every lane; what a network may do is not', () => {
  const defences = [createDefence('clip'), createDefence('clip')];
  const made = [...defences];
  const guards = new Guards(() => made.shift()!);
  for (const offset of [0, 2]) guards.ofLane({ offset, length: 2, parts: [] });
  for (const reason of ['shape', 'weight', 'edge'] as const) guards.refused('liar', reason);
  for (const reason of ['stale', 'early', 'generation', 'stranger'] as const) guards.refused('late', reason);
  for (const defence of defences) {
    assert.is(defence.conductOf('liar').refusals, 3);
    assert.is(defence.conductOf('late').refusals, 0);
  }
});

parts('a peer in quarantine counts once, in however many lanes it is', () => {
  const held = [['a', 'b'], [], ['b']];
  const guards = new Guards(() => {
    const names = held.shift() ?? [];
    return { ...createNoDefence(), quarantined: () => names };
  });
  assert.is(guards.quarantined, 0);
  for (const offset of [0, 1, 2]) guards.ofLane({ offset, length: 1, parts: [] });
  assert.is(guards.quarantined, 2);
  const believing = new Guards(createNoDefence);
  believing.refused('liar', 'shape');
  assert.is(believing.quarantined, 0);
});

parts('an open mesh stays on this machine', () => {
  const open = { everySeconds: 1 };
  const closed = { fleet: '/etc/myrmex/fleet' };
  const tls = { certFile: 'c', keyFile: 'k', caFile: 'a', rootFile: 'r' };
  assert.is(meshFault(undefined, { url: 'mqtt://broker.plant' }), null);
  assert.is(meshFault(open, { embedded: true, port: 0 }), null);
  for (const url of ['mqtt://127.0.0.1:1883', 'ws://localhost:9001/mqtt', 'mqtt://[::1]']) {
    assert.is(meshFault(open, { url }), null, url);
  }
  for (const broker of [{ url: 'mqtts://broker.plant' }, { embedded: true as const, port: 8883, tls }]) {
    assert.is(meshFault(open, broker)?.path, '/mesh/fleet');
    assert.is(meshFault(closed, broker), null);
  }
});

parts('what a node knows of its fleet is on disk, and a damaged file is no end', async () => {
  const folder = await temporaryFolder();
  const codec = createCodec();
  assert.equal((await readMeshState(codec, folder)).isDamaged, false, 'none yet');
  const state = {
    enrolments: new Map([['g1', new Uint8Array([1, 2, 3])]]),
    revocation: new Uint8Array([4]),
    replayWindows: null,
  };
  await writeMeshState(codec, folder, state);
  const read = (await readMeshState(codec, folder)).state;
  assert.equal(
    [...read.enrolments].map(([name, bytes]) => [name, ...bytes]),
    [['g1', 1, 2, 3]],
  );
  assert.equal([...read.revocation!], [4]);
  for (const damage of [new Uint8Array(0), new Uint8Array([0x80]), codec.encode(['meshState', 2, [], null, null])]) {
    await writeFile(`${folder}/mesh-state.cbor`, damage);
    const { state: nothing, isDamaged } = await readMeshState(codec, folder);
    assert.ok(isDamaged && nothing.enrolments.size === 0);
  }
});
parts.run();
