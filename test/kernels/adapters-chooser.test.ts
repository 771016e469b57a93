import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { AdapterChooser } from '../../kernels/adapters/adapter-chooser.ts';
import { AdapterPool } from '../../kernels/adapters/adapter-pool.ts';
import { FactorCodec } from '../../kernels/adapters/factor-codec.ts';
import { ReplaySharing } from '../../kernels/adapters/replay-sharing.ts';
import { countTypedArrays } from '../support/count-typed-arrays.ts';
import { seeded } from '../support/models.ts';

const choosing = suite('choice of an adapter');

const DIMENSIONS = 12;
const OPTIONS = { memory: 16, hysteresis: 8, novelty: 2.5 };

const create = (adaptersMax: number) => {
  const moments = { first: new Float32Array(4), second: new Float32Array(4), powers: Float64Array.of(1, 1) };
  const live = { parameters: [new Float32Array(4)], ...moments, publish: () => {} };
  const pool = new AdapterPool({
    adaptersMax,
    workingMax: adaptersMax,
    codecs: [new FactorCodec(8)],
    sharesA: true,
    live,
  });
  const merged: (readonly [number, number])[] = [];
  const chooser = new AdapterChooser(OPTIONS, pool, DIMENSIONS, (into, other) => merged.push([into, other]));
  const random = seeded(8);
  const window = new Int16Array(DIMENSIONS);
  const places = Array.from({ length: 6 }, () => Array.from({ length: DIMENSIONS }, () => 200 * random()));
  /** Windows of one state, noisy; returns the adapter of each. */
  const stay = (state: number, windows: number): number[] =>
    Array.from({ length: windows }, () => {
      for (let i = 0; i < DIMENSIONS; i++) window[i] = places[state]![i]! + 80 * (random() - 0.5);
      const adapter = chooser.push(window, 0.01);
      pool.load(adapter);
      return adapter;
    });
  return { pool, chooser, merged, stay };
};

choosing('every state that comes gets an adapter, and finds it again when it returns', () => {
  const { stay, pool } = create(6);
  const firstVisits = [0, 1, 2].map((state) => stay(state, 400).at(-1)!);
  assert.equal(new Set(firstVisits).size, 3);
  for (let round = 0; round < 4; round++) {
    for (const state of [1, 0, 2]) {
      const visit = stay(state, 200);
      // Known within the time that the embedding needs, and not left again.
      const from = visit.indexOf(firstVisits[state]!);
      assert.ok(from >= 0 && from <= 4 * OPTIONS.memory, `round ${round}, state ${state}: known after ${from}`);
      assert.ok(visit.slice(from).every((adapter) => adapter === firstVisits[state]));
    }
  }
  assert.is(pool.count, 3);
});

choosing('noise and a slow drift of one state need no other adapter', () => {
  const { stay, pool, chooser } = create(6);
  stay(0, 3000);
  assert.is(pool.count, 1);
  assert.is(chooser.switches, 0);
});

choosing('a blip shorter than the hysteresis changes nothing', () => {
  const { stay, chooser } = create(4);
  stay(0, 300);
  for (let blip = 0; blip < 20; blip++) {
    stay(1, 3);
    stay(0, 60);
  }
  assert.is(chooser.switches, 0);
});

choosing('a full pool takes the nearest', () => {
  const { stay, pool } = create(2);
  for (const state of [0, 1, 2, 3]) assert.ok(stay(state, 300).every((adapter) => adapter < 2));
  assert.is(pool.count, 2);
});

choosing(
  'two that are only ever used in turn become one; after long stays they stay two, and so do pinned ones',
  () => {
    const apart = create(3);
    for (const state of [0, 1, 0, 1]) apart.stay(state, 300);
    for (let turn = 0; turn < 28; turn++) apart.stay(turn % 2, 50);
    assert.equal(apart.merged, [[0, 1]]);
    assert.is(apart.pool.count, 1);
    assert.is(apart.chooser.active, 0);
    const long = create(3);
    for (let turn = 0; turn < 24; turn++) long.stay(turn % 2, 200);
    assert.equal(long.merged, []);
    const pinned = create(3);
    for (const state of [0, 1, 0, 1]) pinned.stay(state, 300);
    pinned.pool.pin(1, true);
    for (let turn = 0; turn < 28; turn++) pinned.stay(turn % 2, 50);
    assert.equal(pinned.merged, []);
  },
);

choosing('a window costs no memory', () => {
  const { chooser } = create(8);
  const window = new Int16Array(DIMENSIONS);
  const allocated = countTypedArrays(() => {
    for (let at = 0; at < 2000; at++) {
      window.fill(100 * (Math.floor(at / 300) % 3));
      chooser.push(window, 0.02);
    }
  });
  assert.is(allocated, 0);
  assert.ok(chooser.switches > 3);
});

choosing('windows of another adapter are learned from until they contradict', () => {
  const sharing = new ReplaySharing(3);
  const foreignTurns = (owner: number): number =>
    Array.from({ length: 30 }, (_, turn) => turn + 1).filter((turn) => sharing.suits(0, owner, turn)).length;
  for (let draw = 0; draw < 600; draw++) {
    sharing.met(0, 0, 0.4);
    sharing.met(0, 1, 0.5);
    sharing.met(0, 2, 1.4);
  }
  assert.is(foreignTurns(0), 30);
  assert.is(foreignTurns(1), 11);
  assert.is(foreignTurns(2), 1, 'the probe');
  for (let draw = 0; draw < 600; draw++) sharing.met(0, 2, 0.4);
  assert.is(foreignTurns(2), 11);
});

choosing.run();
