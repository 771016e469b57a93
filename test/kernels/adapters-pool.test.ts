import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { AdapterPool, storedBytes, workingFor } from '../../kernels/adapters/adapter-pool.ts';
import { type FactorBits, FactorCodec } from '../../kernels/adapters/factor-codec.ts';
import { workingBytes } from '../../kernels/adapters/working-set.ts';
import { countTypedArrays } from '../support/count-typed-arrays.ts';
import { dice } from '../support/dice.ts';

const pools = suite('adapter pool');

const SIZES = [6, 3, 40];

const create = (adaptersMax: number, workingMax: number, bits: FactorBits = 8, sharesA = true) => {
  const parameters = SIZES.map((length) => new Float32Array(length));
  const optimiser = { first: new Float32Array(49), second: new Float32Array(49), powers: Float64Array.of(1, 1) };
  let published = 0;
  const live = { parameters, ...optimiser, publish: () => void published++ };
  const pool = new AdapterPool({
    adaptersMax,
    workingMax,
    codecs: SIZES.map(() => new FactorCodec(bits)),
    sharesA,
    live,
  });
  /** As a learning step would: every value and moment of the loaded adapter says who learned. */
  const learn = (mark: number): void => {
    for (const values of parameters) for (let i = 0; i < values.length; i++) values[i] = mark + i / 7;
    optimiser.first.fill(mark);
    optimiser.second.fill(2 * mark);
    optimiser.powers.fill(0.9 ** mark);
    pool.stepped();
  };
  const read = (id: number): number[] => {
    const out = SIZES.map((length) => new Float32Array(length));
    pool.read(id, out);
    return out.flatMap((values) => [...values]);
  };
  return { pool, live, learn, read, published: () => published };
};

const roundedOf = (values: readonly number[]): number[] => {
  const out: number[] = [];
  for (const length of SIZES) {
    const part = Float32Array.from(values.slice(out.length, out.length + length));
    new FactorCodec(8).round(part, part);
    out.push(...part);
  }
  return out;
};

pools('an adapter with working state comes back with every bit, its moments too', () => {
  const { pool, live, learn } = create(4, 4);
  assert.is(pool.create(0), 1);
  learn(3);
  const before = [live.parameters.map((p) => p.slice()), live.first.slice(), live.second.slice(), live.powers.slice()];
  pool.load(1);
  learn(5);
  pool.load(0);
  assert.equal([live.parameters, live.first, live.second, live.powers], before);
  assert.equal([pool.stepsOf(0), pool.stepsOf(1), pool.loads, pool.evictions], [1, 1, 2, 0]);
});

pools('working state that makes room is in the stored form by then; the optimiser begins anew', () => {
  const { pool, live, learn, read } = create(4, 2);
  for (let id = 1; id < 4; id++) assert.is(pool.create(0), id);
  assert.is(pool.create(0), -1, 'full');
  const learned: number[][] = [];
  for (let id = 0; id < 4; id++) {
    pool.load(id);
    learn(id + 1);
    learned.push(read(id));
  }
  assert.is(pool.evictions, 2);
  for (const id of [0, 1]) assert.equal(read(id), roundedOf(learned[id]!), `adapter ${id}`);
  pool.load(0);
  assert.ok(live.first.every((value) => value === 0) && live.powers.every((power) => power === 1));
  assert.equal(read(3), learned[3], 'used last, so 2 made room');
  assert.equal(read(2), roundedOf(learned[2]!));
});

pools('pinned working state stays, and not all can be pinned', () => {
  const { pool, learn, read } = create(6, 3);
  for (let id = 1; id < 6; id++) pool.create(0);
  pool.load(1);
  learn(9);
  const exact = read(1);
  pool.pin(1, true);
  pool.pin(0, true);
  assert.throws(() => pool.pin(2, true), /only 2 adapters can be pinned/);
  for (const id of [2, 3, 4, 5]) pool.load(id);
  assert.equal(read(1), exact);
  pool.pin(1, false);
  for (const id of [2, 3, 4]) pool.load(id);
  assert.equal(read(1), roundedOf(exact));
});

pools('without a shared A merging keeps the one that learned more: a mean of both factors is no adapter', () => {
  for (const more of [0, 1]) {
    const { pool, learn, read } = create(3, 3, 8, false);
    pool.create(0);
    for (const id of [0, 1]) {
      pool.load(id);
      learn(4 + id);
      if (id === more) learn(9);
    }
    const kept = roundedOf(read(more));
    pool.merge(0, 1);
    pool.load(0);
    assert.equal(roundedOf(read(0)), kept);
    assert.is(pool.stepsOf(0), 3);
  }
});

pools('merging gives the mean by steps, of B and so of the effect, and a place', () => {
  for (const loaded of [0, 1, 2]) {
    const { pool, learn, read } = create(3, 3, 32);
    pool.create(0);
    pool.create(0);
    learn(4);
    pool.load(1);
    learn(8);
    learn(16);
    pool.load(loaded);
    const [a, b] = [read(0), read(1)];
    pool.merge(0, 1);
    assert.is(pool.loaded, loaded === 1 ? 0 : loaded);
    assert.is(pool.has(1), false);
    assert.is(pool.count, 2);
    assert.is(pool.stepsOf(0), 3);
    read(0).forEach((value, i) => {
      assert.ok(Math.abs(value - (2 * a[i]! + 3 * b[i]!) / 5) < 1e-6);
    });
    assert.is(pool.create(0), 1);
  }
});

pools('any walk over a pool is the walk over plain copies, up to storage, and its arrays are its whole state', () => {
  const { whole } = dice(5);
  const [first, second] = [create(7, 3), create(7, 3)];
  for (let id = 1; id < 7; id++) first.pool.create(0);
  for (let move = 0; move < 300; move++) {
    first.pool.load(whole(0, 6));
    const mark = whole(1, 50);
    first.learn(mark);
    const { parameters } = first.live;
    assert.equal(
      first.read(first.pool.loaded),
      parameters.flatMap((values) => [...values]),
    );
  }
  first.pool.arrays.forEach((array, k) => {
    second.pool.arrays[k]!.set(array);
  });
  for (const [k, values] of first.live.parameters.entries()) second.live.parameters[k]!.set(values);
  second.pool.restored();
  assert.is(second.published(), 1);
  for (const { pool } of [first, second]) for (const id of [5, 2, 6, 0, 3]) pool.load(id);
  for (let id = 0; id < 7; id++) assert.equal(second.read(id), first.read(id));
});

pools('loading, making and merging allocate nothing', () => {
  const { pool } = create(8, 2);
  for (let id = 1; id < 8; id++) pool.create(0);
  const allocated = countTypedArrays(() => {
    for (let turn = 0; turn < 50; turn++) pool.load((turn * 3) % 8);
    pool.merge(pool.loaded, (pool.loaded + 1) % 8);
    pool.create(pool.loaded);
  });
  assert.is(allocated, 0);
});

pools('names are bounded, and sizes are what the budget counts', () => {
  const { pool, live } = create(2, 1);
  pool.rename(0, 'Fräse 7');
  assert.is(pool.nameOf(0), 'Fräse 7');
  assert.throws(() => pool.rename(0, 'x'.repeat(33)), /at most 32 bytes/);
  assert.throws(() => pool.rename(0, 'a\u001b[2J'), /visible/);
  const each = storedBytes(
    SIZES.map(() => new FactorCodec(8)),
    live,
  );
  assert.is(each, Math.ceil((8 + 5 + 2 + 32 + 2 + 8) / 4) * 4);
  assert.is(workingFor(10 * each + 3 * workingBytes(49) + 1, 10, each, 49), 3);
  assert.is(workingFor(10 * each - 1, 10, each, 49), 0);
});

pools.run();
