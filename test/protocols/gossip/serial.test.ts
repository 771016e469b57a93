import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { GossipEffect } from '../../../protocols/gossip/options.ts';
import { cycleAfter, isAfter, stepsFrom } from '../../../protocols/gossip/serial.ts';
import { ASIDE, readGossip, writeGossip } from '../../../protocols/messages/gossip.ts';
import { createFleet, nameOf } from '../../support/gossip-fleet.ts';

const LAST = 2 ** 32 - 1;
const serial = suite('gossip: cycle numbers');

serial('a number is after those of half the circle behind it, and never both after and before another', () => {
  const number = fc.integer({ min: 0, max: LAST });
  fc.assert(
    fc.property(number, fc.integer({ min: 1, max: 2 ** 31 - 1 }), (from, steps) => {
      const to = (from + steps) % 2 ** 32;
      assert.ok(isAfter(to, from));
      assert.not(isAfter(from, to));
      assert.is(stepsFrom(from, to), steps);
      assert.not(isAfter(from, from));
    }),
  );
  assert.equal([cycleAfter(0), cycleAfter(LAST)], [1, 0]);
});

serial('who claims the last number there is does not end the averaging', () => {
  const parts = [{ offset: 0, length: 2 }];
  const fleet = createFleet({ count: 4, parts, start: (i) => Float64Array.of(i, 1), precision: 'float64' });
  const isSend = (effect: GossipEffect) => effect.kind === 'send';
  const said = fleet.nodes[0]!.begin(0).find(isSend);
  assert.ok(said?.kind === 'send');
  fleet.deliver(0, [said], 0);
  fleet.cycle();
  const { base } = readGossip(said.body);
  const nothing = { upTo: base, grains: 0, scales: new Uint8Array(0), values: new Uint8Array(0) };
  // Half the circle at a time is as far as a claim can reach.
  for (const cycle of [LAST - 2 ** 31, LAST - 1]) {
    const body = writeGossip({ ...readGossip(said.body), ...nothing, round: ASIDE, cycle });
    for (let i = 1; i < 4; i++) fleet.deliver(i, fleet.nodes[i]!.receive(nameOf(0), body, 0), 0);
  }
  assert.ok(fleet.nodes[1]!.cycle > LAST - 10, `${fleet.nodes[1]!.cycle}`);
  const before = fleet.estimateOf(2)[0]!;
  fleet.nodes[2]!.moved(Float64Array.of(4, 0));
  for (let cycle = 0; cycle < 8; cycle++) {
    const now = 20_000 * (cycle + 1);
    fleet.cycle(now);
    for (const [i, node] of fleet.nodes.entries()) fleet.deliver(i, node.tick(now + 10_000), now + 10_000);
  }
  assert.ok(fleet.nodes[1]!.cycle < 100, `${fleet.nodes[1]!.cycle}`);
  assert.ok(Math.abs(fleet.estimateOf(3)[0]! - (before + 1)) < 0.1, `${fleet.estimateOf(3)[0]} after ${before}`);
});
serial.run();
