import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCodec } from '../../../protocols/codec.ts';
import { openEnvelope, sealEnvelope } from '../../../protocols/envelope.ts';
import { lanesOf } from '../../../protocols/gossip/lanes.ts';
import { packValues, unpackValues } from '../../../protocols/gossip/quantiser.ts';
import { ASIDE, GOSSIP, type GossipFields, readGossip, writeGossip } from '../../../protocols/messages/gossip.ts';

const codec = createCodec();
const from = { sender: 'plant-2/press-7', epoch: 3, sequence: 4_720, time: 1_795_420_800_123 };
const fields: GossipFields = {
  lineage: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  lane: 0,
  cycle: 4_711,
  round: 3,
  generation: 2,
  incarnation: 1,
  peerGeneration: 5,
  base: 900,
  upTo: 905,
  acknowledged: 888,
  grains: 8_388_608,
  scales: Uint8Array.of(0x3c, 0x01),
  values: Uint8Array.of(127, 129, 0, 1),
  rumours: [['press-9', 4, 0, 1]],
};

const golden = readFileSync(new URL('../../vectors/gossip-v1.hex', import.meta.url), 'utf8').trim();
const messages = suite('gossip: message');

messages('golden bytes still open, and are still what is written', () => {
  const bytes = new Uint8Array(Buffer.from(golden, 'hex'));
  const opened = openEnvelope(codec, GOSSIP, bytes);
  assert.ok(opened.ok);
  assert.equal(readGossip(opened.value.body), fields);
  assert.is(Buffer.from(sealEnvelope(codec, GOSSIP, from, writeGossip(fields))).toString('hex'), golden);
});

messages('the CDDL names kind and version', () => {
  const cddl = readFileSync(new URL('../../../protocols/cddl/gossip.cddl', import.meta.url), 'utf8');
  assert.ok(cddl.includes('content<"gossip", 1,'));
});

messages('an adapter of 306 parameters in six parts is 420 bytes before signature and topic', () => {
  const parts = Array.from({ length: 6 }, (_, i) => ({ offset: 51 * i, length: 51 }));
  const [lane] = lanesOf(parts);
  const values = Float64Array.from({ length: 306 }, (_, i) => Math.sin(i));
  const body = writeGossip({ ...fields, rumours: [], ...packValues(values, lane!, 'int8', values) });
  const { length } = sealEnvelope(codec, GOSSIP, from, body);
  assert.ok(length <= 420, `${length} bytes`);
});

messages('bodies out of bounds are refused', () => {
  const body = writeGossip(fields);
  const changes: readonly [number, unknown][] = [
    [0, Uint8Array.of(1)],
    [1, 256],
    [2, -1],
    [3, ASIDE + 1],
    [10, 2 ** 28],
    [10, 0.5],
    [11, new Uint8Array(129)],
    [12, new Uint8Array(4_801)],
    [13, [['press-9', 4, 0, 3]]],
    [13, [['press-9', 4, 0]]],
  ];
  assert.ok(GOSSIP.check(body));
  for (const [at, value] of changes) assert.not(GOSSIP.check((body as readonly unknown[]).with(at, value)), `${at}`);
  assert.not(GOSSIP.check([...body, 0]));
  assert.not(GOSSIP.check(body.slice(0, 13)));
});

messages('int8 is off by half a level of its part; float64 by nothing', () => {
  const [lane] = lanesOf([
    { offset: 0, length: 3 },
    { offset: 3, length: 3 },
  ]);
  const values = Float64Array.of(1, -0.3, 0.004, 1e-6, -2e-6, 0);
  const [sent, read] = [new Float64Array(6), new Float64Array(6)];
  const packed = packValues(values, lane!, 'int8', sent);
  assert.ok(unpackValues(packed, lane!, read));
  assert.equal(read, sent);
  values.forEach((value, i) => {
    assert.ok(Math.abs(read[i]! - value) <= (1.01 * (i < 3 ? 1 : 2e-6)) / 254, `${i}`);
  });
  assert.ok(unpackValues(packValues(values, lane!, 'float64', sent), lane!, read));
  assert.equal(read, values);
});

messages('with two bits more it is off by an eighth of a level, and five bytes carry four values', () => {
  const [lane] = lanesOf([{ offset: 0, length: 7 }]);
  const values = Float64Array.of(1, -1, 0.7531, -0.0042, 0.0042, 0, 0.3333);
  const [sent, read] = [new Float64Array(7), new Float64Array(7)];
  const packed = packValues(values, lane!, 'int8', sent, null, true);
  assert.is(packed.values.length, 9);
  assert.ok(unpackValues(packed, lane!, read));
  assert.equal(read, sent);
  for (const [i, value] of values.entries()) assert.ok(Math.abs(read[i]! - value) <= 1.01 / 1_022, `${i}`);
  assert.not(unpackValues({ ...packed, values: packed.values.slice(1) }, lane!, read));
});

messages(
  'a part near the anchor is coded as its difference, another in full; neither is read without its anchor',
  () => {
    const [lane] = lanesOf([
      { offset: 0, length: 3 },
      { offset: 3, length: 3 },
    ]);
    const values = Float64Array.of(1, -0.3, 0.004, 2, -2, 0);
    const anchor = Float64Array.of(1.01, -0.3, 0, -2, 2, 9);
    const [sent, read] = [new Float64Array(6), new Float64Array(6)];
    const packed = packValues(values, lane!, 'int8', sent, anchor);
    assert.equal([packed.scales[0]! >> 7, packed.scales[2]! >> 7], [1, 0]);
    assert.ok(unpackValues(packed, lane!, read, anchor));
    assert.equal(read, sent);
    for (const [i, value] of values.entries()) {
      assert.ok(Math.abs(read[i]! - value) <= (1.01 * (i < 3 ? 0.01 : 2)) / 254, `${i}`);
    }
    assert.not(unpackValues(packed, lane!, read));
    const same = packValues(anchor, lane!, 'int8', sent, anchor);
    assert.ok(same.values.every((level) => level === 0) && unpackValues(same, lane!, read, anchor));
    assert.equal(read, anchor);
  },
);
messages.run();
