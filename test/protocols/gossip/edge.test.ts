import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRandom } from '../../../kernels/random.ts';
import { lanesOf } from '../../../protocols/gossip/lanes.ts';
import { GOSSIP_LIMITS } from '../../../protocols/gossip/limits.ts';
import { Mass, type Transfer } from '../../../protocols/gossip/mass.ts';
import { needsAnchor } from '../../../protocols/gossip/quantiser.ts';

const [lane] = lanesOf([{ offset: 0, length: 4 }]);
const unit = GOSSIP_LIMITS.grainsPerUnit;
const asSaid = (_own: Float64Array, value: Float64Array): Float64Array => value;
const massOf = (values: readonly number[]): Mass => new Mass(lane!, Float64Array.from(values), unit, 'int8');

/** What a message to `peer` would hold now. */
const transferOf = (mass: Mass, peer: string): Transfer => {
  const { base, upTo, grains, packed } = mass.ledgers.outgoing.get(peer)!;
  assert.ok(packed !== null);
  return { base, upTo, grains, ...packed };
};

const edges = suite('gossip: edge');

edges(
  'whatever is lost, repeated or overtaken: what left and was not returned is under way or has arrived, once',
  () => {
    const random = createRandom(3, 'edge');
    for (let run = 0; run < 50; run++) {
      const a = massOf([1, -2, 3, 0.5]);
      const b = massOf([0, 1, 2, 3]);
      const total = a.sum.map((value, i) => value + b.sum[i]!);
      const messages: Transfer[] = [];
      for (let transfer = 1; transfer <= 20; transfer++) {
        a.give('b', random.float() < 0.2 ? 'all' : 'half', transfer);
        const edge = a.ledgers.outgoing.get('b');
        if (edge !== undefined && edge.packed !== null) messages.push(transferOf(a, 'b'));
        for (let arrival = random.integer(4); arrival > 0 && messages.length > 0; arrival--) {
          const outcome = b.take('a', messages[random.integer(messages.length)]!, 1, asSaid);
          assert.ok(outcome === 'applied' || outcome === 'old', outcome);
        }
        if (random.float() < 0.3) a.ledgers.acknowledged('b', b.ledgers.from('a').upTo);
        // What the receiver gives back goes by an edge without faults here.
        b.give('a', 'half', transfer);
        if (b.ledgers.outgoing.get('a')?.packed !== null) a.take('b', transferOf(b, 'a'), 1, asSaid);
        b.ledgers.acknowledged('a', a.ledgers.from('b').upTo);
      }
      const edge = a.ledgers.outgoing.get('b')!;
      if (edge.packed !== null) b.take('a', transferOf(a, 'b'), 1, asSaid);
      const sum = a.sum.map((value, i) => value + b.sum[i]!);
      assert.is(a.grains + b.grains, 2 * unit);
      for (const [i, value] of sum.entries()) assert.ok(Math.abs(value - total[i]!) < 1e-9, `run ${run}`);
    }
  },
);

edges('an acknowledgement of an older transfer leaves the base where it is', () => {
  const a = massOf([1, 1, 1, 1]);
  a.give('b', 'half', 1);
  a.grains += unit;
  a.give('b', 'half', 2);
  a.ledgers.acknowledged('b', 1);
  assert.is(a.ledgers.outgoing.get('b')!.base, 0);
  a.ledgers.acknowledged('b', 2);
  assert.equal([a.ledgers.outgoing.get('b')!.base, a.ledgers.outgoing.get('b')!.packed], [2, null]);
});

edges('silence does not drain a node: what is under way to a peer counts as half of it already', () => {
  const a = massOf([1, 2, 3, 4]);
  assert.ok(a.give('b', 'half', 1));
  for (let transfer = 2; transfer < 20; transfer++) assert.not(a.give('b', 'half', transfer));
  assert.is(a.weight, 0.5);
});

edges('who gives all keeps its estimate, and has it replaced by what comes', () => {
  const a = massOf([1, 2, 3, 4]);
  const b = massOf([2, 2, 2, 2]);
  a.give('b', 'all', 1);
  const out = new Float64Array(4);
  a.estimate(out);
  assert.equal([...out], [1, 2, 3, 4]);
  b.give('a', 'half', 1);
  a.take('b', transferOf(b, 'a'), 1, asSaid);
  a.estimate(out);
  for (const value of out) assert.ok(Math.abs(value - 2) < 0.05);
});

edges('mass taken back from a lost peer goes under way again when it turns up, and is not counted twice', () => {
  const a = massOf([1, 2, 3, 4]);
  const b = massOf([0, 0, 0, 0]);
  a.give('b', 'half', 1);
  const message = transferOf(a, 'b');
  b.take('a', message, 1, asSaid);
  a.retract('b');
  assert.is(a.weight, 1);
  assert.ok(a.canResume('b'));
  a.resume('b', 9);
  a.ledgers.acknowledged('b', b.ledgers.from('a').upTo);
  assert.is(a.grains + b.grains, 2 * unit);
  assert.is(a.ledgers.outgoing.get('b')!.packed, null);
});

edges('so does all of it, and the estimate stays what it was', () => {
  const a = massOf([1, 2, 3, 4]);
  const b = massOf([0, 0, 0, 0]);
  a.give('b', 'all', 1);
  b.take('a', transferOf(a, 'b'), 1, asSaid);
  a.retract('b');
  assert.is(a.weight, 1);
  assert.ok(a.canResume('b'));
  a.resume('b', 2);
  const out = new Float64Array(4);
  a.estimate(out);
  for (const [i, value] of out.entries()) assert.ok(Math.abs(value - (i + 1)) < 0.05, `${out}`);
  b.take('a', transferOf(a, 'b'), 1, asSaid);
  a.ledgers.acknowledged('b', b.ledgers.from('a').upTo);
  assert.is(a.grains + b.grains, 2 * unit);
  assert.is(a.ledgers.outgoing.get('b')!.packed, null);
});

edges('unsound mass is refused, and changes nothing', () => {
  const a = massOf([1, 2, 3, 4]);
  const b = massOf([0, 0, 0, 0]);
  a.give('b', 'half', 1);
  const good = transferOf(a, 'b');
  const refused: readonly [Partial<Transfer>, string][] = [
    [{ values: good.values.slice(2) }, 'shape'],
    [{ scales: Uint8Array.of(0x7f, 0x80) }, 'shape'],
    [{ scales: Uint8Array.of(0xbf, 0x80) }, 'anchor'],
    [{ grains: 0 }, 'weight'],
    [{ grains: 9 * unit }, 'weight'],
    [{ base: 5, upTo: 4 }, 'edge'],
  ];
  for (const [change, reason] of refused) assert.is(b.take('a', { ...good, ...change }, 1, asSaid), reason);
  assert.equal([b.grains, [...b.sum], b.ledgers.incoming.size], [unit, [0, 0, 0, 0], 0]);
  assert.is(b.take('a', good, 1, asSaid), 'applied');
  assert.is(b.take('a', good, 1, asSaid), 'old');
});

edges('what both ends agree on takes no levels: the next transfer is off by what has changed, not by what is', () => {
  const a = massOf([1, -2, 3, 0.5]);
  const b = massOf([0, 0, 0, 0]);
  a.give('b', 'half', 1);
  b.take('a', transferOf(a, 'b'), 1, asSaid);
  a.ledgers.acknowledged('b', b.ledgers.from('a').upTo);
  const own = new Float64Array(4);
  a.estimate(own);
  a.move(Float64Array.of(0.01, 0, -0.01, 0));
  a.give('b', 'half', 2);
  const value = b.valueOf('a', transferOf(a, 'b'))!;
  const wanted = [own[0]! + 0.01, own[1]!, own[2]! - 0.01, own[3]!];
  for (const [i, each] of wanted.entries()) assert.ok(Math.abs(value[i]! - each) < 2e-4, `${value} for ${wanted}`);
});

edges(
  'who has lost its end of an edge is told in full from the next share on, and nothing is lost or counted twice',
  () => {
    const a = massOf([1, -2, 3, 0.5]);
    const b = massOf([0, 0, 0, 0]);
    const acknowledge = (): void => a.ledgers.acknowledged('b', b.ledgers.from('a').upTo);
    a.give('b', 'half', 1);
    b.take('a', transferOf(a, 'b'), 1, asSaid);
    acknowledge();
    b.ledgers.forget('a');
    a.give('b', 'half', 2);
    assert.is(b.take('a', transferOf(a, 'b'), 1, asSaid), 'anchor');
    acknowledge();
    // As from a third node that agrees.
    a.grains += unit;
    for (const [d, value] of [1, -2, 3, 0.5].entries()) a.sum[d] = a.sum[d]! + value;
    assert.ok(a.give('b', 'half', 3));
    assert.is(b.take('a', transferOf(a, 'b'), 1, asSaid), 'applied');
    acknowledge();
    assert.is(a.ledgers.outgoing.get('b')!.packed, null);
    assert.is(a.grains + b.grains, 3 * unit);
    for (const [i, value] of [1, -2, 3, 0.5].entries()) assert.ok(Math.abs(a.sum[i]! + b.sum[i]! - 2 * value) < 1e-9);
    assert.ok(a.give('b', 'half', 4));
    assert.ok(needsAnchor(transferOf(a, 'b')), 'and then by differences again');
  },
);

edges('an old acknowledgement costs levels, and no mass', () => {
  const a = massOf([1, -2, 3, 0.5]);
  const b = massOf([0, 0, 0, 0]);
  for (const transfer of [1, 2]) {
    a.give('b', 'half', transfer);
    b.take('a', transferOf(a, 'b'), 1, asSaid);
    a.ledgers.acknowledged('b', transfer);
  }
  a.give('b', 'half', 3);
  a.ledgers.acknowledged('b', 1);
  a.grains += unit;
  a.give('b', 'half', 4);
  assert.not(needsAnchor(transferOf(a, 'b')));
  const largest = Math.max(...b.sum.map(Math.abs));
  assert.is(b.take('a', transferOf(a, 'b'), 1, asSaid), 'applied');
  assert.ok(Math.max(...b.sum.map(Math.abs)) < 2 * largest);
  for (const [i, value] of [1, -2, 3, 0.5].entries()) assert.ok(Math.abs(a.sum[i]! + b.sum[i]! - value) < 1e-9);
});

edges('a slice that leaves no room for finer levels, or one of many, does without', () => {
  const [large] = lanesOf([{ offset: 0, length: 600 }]);
  const values = Float64Array.from({ length: 600 }, (_, i) => Math.sin(i));
  for (const isAnchored of [true, false]) {
    const a = new Mass(large!, values, unit, 'int8', isAnchored);
    const b = new Mass(large!, values, unit, 'int8', isAnchored);
    a.give('b', 'half', 1);
    assert.is(transferOf(a, 'b').values.length, 600);
    b.take('a', transferOf(a, 'b'), 1, asSaid);
    a.ledgers.acknowledged('b', 1);
    a.give('b', 'half', 2);
    assert.is(transferOf(a, 'b').scales[0]! >= 0x80, isAnchored);
    assert.is(b.take('a', transferOf(a, 'b'), 1, asSaid), 'applied');
  }
});

edges('trust scales the weight of what comes', () => {
  const a = massOf([4, 4, 4, 4]);
  const b = massOf([0, 0, 0, 0]);
  a.give('b', 'half', 1);
  b.take('a', transferOf(a, 'b'), 0.5, asSaid);
  assert.is(b.weight, 1.25);
  const out = new Float64Array(4);
  b.estimate(out);
  assert.ok(Math.abs(out[0]! - 0.8) < 0.01);
});
edges.run();
