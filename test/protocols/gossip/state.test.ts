import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCodec } from '../../../protocols/codec.ts';
import { restoreGossip } from '../../../protocols/gossip/gossip.ts';
import type { GossipEffect } from '../../../protocols/gossip/options.ts';
import { decodeGossipState, encodeGossipState } from '../../../protocols/gossip/state.ts';
import { createFleet, LINEAGE, nameOf } from '../../support/gossip-fleet.ts';

const codec = createCodec();
const parts = [{ offset: 0, length: 6 }];
const start = (index: number): Float64Array => Float64Array.from({ length: 6 }, (_, d) => Math.sin(index + d));
const options = {
  self: nameOf(1),
  generation: 9,
  lineage: LINEAGE,
  parts,
  values: start(1),
  entry: 'founder',
} as const;

const state = suite('gossip: state');

state('a machine goes on from bytes as if nothing had happened', () => {
  const fleet = createFleet({ count: 5, parts, start });
  fleet.cycle();
  fleet.nodes[1]!.moved(start(7));
  const bytes = encodeGossipState(codec, fleet.nodes[1]!.save());
  const read = decodeGossipState(codec, bytes);
  const restored = restoreGossip(options, read!);
  assert.ok(restored !== null);
  assert.equal(encodeGossipState(codec, restored.save()), bytes);
  const members = [0, 1, 2, 3, 4].map((i) => ({ name: nameOf(i), generation: 1, present: true }));
  restored.members(members, 0);
  const sent = (effects: readonly GossipEffect[]): string =>
    effects
      .map((effect) => (effect.kind === 'send' ? Buffer.from(codec.encode(effect.body)).toString('hex') : ''))
      .join();
  assert.is(sent(restored.begin(0)), sent(fleet.nodes[1]!.begin(0)));
});

state('bytes of something else, cut or changed, and a state of other parameters are no state', () => {
  const fleet = createFleet({ count: 2, parts, start });
  fleet.cycle();
  const saved = fleet.nodes[1]!.save();
  const bytes = encodeGossipState(codec, saved);
  assert.is(decodeGossipState(codec, bytes.slice(0, -1)), null);
  assert.is(decodeGossipState(codec, codec.encode(['other', 1, saved])), null);
  assert.is(decodeGossipState(codec, codec.encode(['gossipState', 2, saved])), null);
  assert.is(decodeGossipState(codec, codec.encode(['gossipState', 1, { ...saved, cycle: -1 }])), null);
  assert.is(restoreGossip({ ...options, lineage: 'fedcba9876543210' }, saved), null);
  assert.is(restoreGossip({ ...options, parts: [{ offset: 0, length: 7 }], values: new Float64Array(7) }, saved), null);
});
state.run();
