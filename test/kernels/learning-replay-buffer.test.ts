import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ReplayBuffer } from '../../kernels/learning/replay-buffer.ts';
import { createRandom } from '../../kernels/random.ts';

/** A window whose one feature tells which it is. */
const windowOf = (n: number): Float32Array => Float32Array.of(n);

const read = (buffer: ReplayBuffer, slot: number): number => {
  const out = new Float32Array(1);
  buffer.read(slot, out);
  return out[0]!;
};

const buffers = suite('replay buffer');

buffers('a stream sorted by class leaves a balanced buffer of the newest windows', () => {
  const buffer = new ReplayBuffer(30, 1, 3);
  for (let n = 0; n < 300; n++) buffer.add(windowOf(n), Math.floor(n / 100));
  assert.equal(
    [0, 1, 2].map((label) => buffer.countOf(label)),
    [10, 10, 10],
  );
  const kept = Array.from({ length: 30 }, (_, slot) => read(buffer, slot)).sort((a, b) => a - b);
  assert.equal(
    kept,
    [90, 190, 290].flatMap((from) => Array.from({ length: 10 }, (_, i) => from + i)),
  );
});

buffers('draws meet every class alike, however rare it is', () => {
  const buffer = new ReplayBuffer(1000, 1, 4);
  for (let n = 0; n < 900; n++) buffer.add(windowOf(n), 0);
  for (let n = 0; n < 9; n++) buffer.add(windowOf(n), 1);
  buffer.add(windowOf(0), 3);
  const random = createRandom(5);
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 6000; i++) counts[buffer.labelOf(buffer.draw(random))]!++;
  assert.is(counts[2], 0);
  for (const label of [0, 1, 3]) assert.ok(Math.abs(counts[label]! - 2000) < 150, `${counts}`);
});

buffers('slots are reused, and a window lies where add said', () => {
  const buffer = new ReplayBuffer(8, 1, 2);
  const at = new Map<number, number>();
  for (let n = 0; n < 100; n++) {
    const slot = buffer.add(windowOf(n), n % 2);
    assert.ok(slot >= 0 && slot < 8);
    at.set(slot, n);
    assert.is(buffer.count, Math.min(n + 1, 8));
  }
  for (const [slot, n] of at) {
    assert.is(read(buffer, slot), n);
    assert.is(buffer.labelOf(slot), n % 2);
  }
});

buffers('a buffer rebuilt from what was put into its slots goes on exactly as the first', () => {
  const first = new ReplayBuffer(16, 1, 3);
  const journal = new Map<number, { n: number; label: number }>();
  const pick = createRandom(9);
  const step = (buffer: ReplayBuffer, n: number, label: number): number => buffer.add(windowOf(n), label);
  for (let n = 0; n < 80; n++) {
    const label = pick.integer(3);
    const slot = step(first, n, label);
    journal.delete(slot);
    journal.set(slot, { n, label });
  }
  const second = new ReplayBuffer(16, 1, 3);
  for (const [slot, { n, label }] of journal) second.put(slot, windowOf(n), label);
  const [a, b] = [createRandom(1), createRandom(1)];
  for (let n = 100; n < 160; n++) {
    assert.is(step(first, n, n % 3), step(second, n, n % 3));
    assert.is(first.draw(a), second.draw(b));
  }
});

buffers('a buffer smaller than its classes is refused', () => {
  assert.throws(() => new ReplayBuffer(2, 1, 3), /cannot hold 3 classes/);
});

buffers.run();
