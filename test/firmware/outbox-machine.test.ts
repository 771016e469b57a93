import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { AHEAD_LOW, CHUNK_ENTRIES_MAX, READ_ENTRIES } from '../../firmware/machines/outbox-parts.ts';
import { OutboxWorld } from '../support/outbox-world.ts';

const outbox = suite('outbox machine');
const ROOMY = { entriesMax: 1_000_000, bytesMax: 1e9 };

/** Every number once, in order, when repeats are left out. */
const firstArrivals = (arrived: readonly number[]): number[] => [...new Set(arrived)];
const upTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);

outbox('while the broker keeps up nothing is written and everything arrives once', () => {
  const world = new OutboxWorld(ROOMY, 8);
  world.connect();
  for (let i = 0; i < 5_000; i++) {
    world.add();
    world.acknowledge(8);
    world.tick(10);
    world.diskAnswers(true);
  }
  assert.equal(world.arrived, upTo(5_000));
  assert.is(world.disk.size, 0);
  assert.is(world.outbox.entries, 0);
});

outbox('more than memory sends from, then a cut: what was ahead is still first', () => {
  const world = new OutboxWorld(ROOMY, 8);
  world.connect();
  for (let i = 0; i < 3_000; i++) world.add();
  world.acknowledge(8);
  world.disconnect(3);
  world.tick(2_000);
  world.diskAnswers(true);
  world.drain();
  assert.equal(firstArrivals(world.arrived), upTo(3_000));
  assert.equal(world.arrived.slice(0, 14), [...upTo(11), ...upTo(3, 8)], 'the three whose answer was lost come again');
});

outbox('a minute away: all of it follows, in order and before what is newer', () => {
  const world = new OutboxWorld(ROOMY, 8);
  for (let i = 0; i < 60 * 25; i++) {
    world.add();
    world.tick(40);
    world.diskAnswers(true);
  }
  assert.ok(world.outbox.unwritten <= 26, `${world.outbox.unwritten} not on disk`);
  world.connect();
  for (let i = 0; i < 100; i++) {
    world.add();
    world.tick(40);
    world.diskAnswers(true);
    world.acknowledge(8);
  }
  world.drain();
  assert.equal(world.arrived, upTo(1_600));
  assert.is(world.disk.size, 0);
});

outbox('a virtual day away at one a second: nothing is lost, memory stays small', () => {
  const world = new OutboxWorld(ROOMY, 64);
  for (let second = 0; second < 86_400; second++) {
    world.add(400);
    world.tick(1_000);
    world.diskAnswers(true);
    if (world.outbox.unwritten > 16) throw new Error(`${world.outbox.unwritten} not on disk in second ${second}`);
  }
  assert.is(world.outbox.entries, 86_400);
  assert.is(world.outbox.bytes, 86_400 * 400);
  world.drain();
  assert.equal(world.arrived, upTo(86_400));
  assert.is(world.disk.size, 0);
});

outbox('at the bound the oldest go, and the count is exact', () => {
  const world = new OutboxWorld({ entriesMax: 1_000, bytesMax: 1e9 }, 8);
  for (let i = 0; i < 5_000; i++) {
    world.add();
    world.tick(100);
    world.diskAnswers(true);
    assert.ok(world.outbox.entries <= 1_000);
  }
  const { bound } = world.dropped;
  world.drain();
  assert.is(world.dropped.bound, bound);
  assert.ok(bound >= 4_000 && bound < 4_000 + 256, `${bound} dropped`);
  assert.equal(world.arrived, upTo(5_000 - bound, bound));
});

outbox('a disk that fails keeps memory bounded, and takes over when it mends', () => {
  const world = new OutboxWorld(ROOMY, 8);
  for (let i = 0; i < 10_000; i++) {
    world.add(1_000);
    world.tick(100);
    world.diskAnswers(false);
  }
  assert.ok(world.outbox.bytes <= 2 * 1024 * 1024, `${world.outbox.bytes} bytes`);
  assert.is(world.outbox.entries, world.outbox.unwritten);
  assert.is(world.dropped.bound + world.outbox.entries, 10_000);
  for (let i = 0; i < 40; i++) {
    world.tick(1_000);
    world.diskAnswers(true);
  }
  assert.is(world.outbox.unwritten, 0);
  world.crash();
  const { bound } = world.dropped;
  world.drain();
  assert.equal(world.arrived, upTo(10_000 - bound, bound));
});

outbox('what a chunk has lost is counted, and the rest still comes', () => {
  const world = new OutboxWorld(ROOMY, 8);
  for (let i = 0; i < 1_000; i++) {
    world.add();
    world.tick(100);
    world.diskAnswers(true);
  }
  const [, second] = [...world.disk.keys()];
  const { count } = world.disk.get(second!)!.chunk;
  world.disk.delete(second!);
  world.drain();
  assert.is(world.dropped.damaged, count);
  assert.is(world.arrived.length, 1_000 - count);
  assert.equal(
    world.arrived,
    [...world.arrived].sort((a, b) => a - b),
  );
});

outbox('a broker that refuses is not asked again, and the refused are counted', () => {
  const world = new OutboxWorld(ROOMY, 8);
  world.connect();
  for (let i = 0; i < 3; i++) world.add();
  const effects = [0, 1, 2].flatMap((position) => world.outbox.refused(position));
  assert.equal(
    effects,
    upTo(3).map(() => ({ kind: 'dropped', count: 1, why: 'refused' })),
  );
  assert.equal(world.outbox.refused(1), [], 'a second answer means nothing');
  assert.is(world.outbox.entries, 0);
});

/** Everything that can happen to an outbox, in any order. */
const happening = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('add' as const), count: fc.integer({ min: 1, max: 90 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('connect' as const), count: fc.constant(0) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('disconnect' as const), count: fc.integer({ min: 0, max: 8 }) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('ack' as const), count: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('disk' as const), count: fc.constant(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('diskFails' as const), count: fc.constant(0) }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('tick' as const), count: fc.constantFrom(50, 100, 1_100, 11_000) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), count: fc.integer({ min: 0, max: 1 }) }) },
);

const happen = (world: OutboxWorld, kind: string, count: number): void => {
  switch (kind) {
    case 'add':
      for (let i = 0; i < count; i++) world.add(20 + (world.made % 3) * 40);
      break;
    case 'connect':
      world.connect();
      break;
    case 'disconnect':
      world.disconnect(count);
      break;
    case 'ack':
      world.acknowledge(count);
      break;
    case 'tick':
      world.tick(count);
      break;
    case 'crash':
      world.crash(count === 1);
      break;
    default:
      world.diskAnswers(kind === 'disk');
  }
};

outbox('whatever happens: in order, once or repeated after a cut, and every missing one is counted', () => {
  const scenario = fc.record({
    window: fc.integer({ min: 1, max: 8 }),
    entriesMax: fc.constantFrom(300, 1_000, 100_000),
    bytesMax: fc.constantFrom(8_000, 1_000_000),
    steps: fc.array(happening, { minLength: 10, maxLength: 150 }),
  });
  fc.assert(
    fc.property(scenario, ({ window, entriesMax, bytesMax, steps }) => {
      const world = new OutboxWorld({ entriesMax, bytesMax }, window);
      for (const { kind, count } of steps) {
        happen(world, kind, count);
        // What is being sent or written is not dropped, and is the only excess.
        const excess = AHEAD_LOW + READ_ENTRIES + 2 * CHUNK_ENTRIES_MAX;
        assert.ok(world.outbox.entries <= entriesMax + excess, `${world.outbox.entries} entries`);
        assert.ok(world.outbox.bytes <= bytesMax + excess * 100, `${world.outbox.bytes} bytes`);
      }
      world.drain();
      const first = firstArrivals(world.arrived);
      const { bound, refused, damaged } = world.dropped;
      assert.equal([refused, damaged], [0, 0]);
      // A chunk that comes a second time after a crash may be dropped then: dropped, but not missing.
      const missing = world.made - first.length;
      assert.ok(missing <= bound + world.crashed, `${missing} missing, ${bound} dropped, ${world.crashed} crashed`);
      if (steps.every(({ kind }) => kind !== 'crash' && kind !== 'disconnect')) {
        assert.is(missing, bound);
        assert.is(world.arrived.length, first.length, 'no repeats without a cut');
      }
      assert.equal(
        first,
        [...first].sort((a, b) => a - b),
        'in order',
      );
      assert.is(world.disk.size, 0);
      assert.equal([world.outbox.entries, world.outbox.bytes, world.outbox.unwritten], [0, 0, 0]);
    }),
    { seed: 20_26, numRuns: 600 },
  );
});

outbox.run();
