import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ReplayBuffer } from '../../kernels/learning/replay-buffer.ts';
import { REPLAY_SLOTS_MAX, replayBytes, replayCapacity } from '../../kernels/learning/replay-memory.ts';
import { createRandom } from '../../kernels/random.ts';
import { countTypedArrays } from '../support/count-typed-arrays.ts';
import { replayBuffer } from '../support/replay-buffer.ts';

/** A window whose two features tell which it is, 0 to 16,383. */
const windowOf = (n: number): Float32Array => Float32Array.of(n % 128, Math.floor(n / 128));

const read = (buffer: ReplayBuffer, slot: number): number => {
  const out = new Float32Array(2);
  buffer.read(slot, out);
  return out[0]! + 128 * out[1]!;
};

const buffers = suite('replay buffer');

buffers('a stream sorted by class leaves a balanced buffer of the newest windows', () => {
  const buffer = replayBuffer({ capacity: 30, featureCount: 2, classes: 3 });
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
  const buffer = replayBuffer({ capacity: 1000, featureCount: 2, classes: 4 });
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
  const buffer = replayBuffer({ capacity: 8, featureCount: 2, classes: 2 });
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
  const first = replayBuffer({ capacity: 16, featureCount: 2, classes: 3 });
  const journal = new Map<number, { n: number; label: number }>();
  const pick = createRandom(9);
  const step = (buffer: ReplayBuffer, n: number, label: number): number => buffer.add(windowOf(n), label);
  for (let n = 0; n < 80; n++) {
    const label = pick.integer(3);
    const slot = step(first, n, label);
    first.setLoss(first.slotAt(pick.integer(first.total)), pick.float() * 5);
    journal.delete(slot);
    journal.set(slot, { n, label });
  }
  const second = replayBuffer({ capacity: 16, featureCount: 2, classes: 3 });
  for (const [slot, { n, label }] of journal) second.put(slot, windowOf(n), label, first.priorities[slot]);
  const [a, b] = [createRandom(1), createRandom(1)];
  for (let n = 100; n < 160; n++) {
    assert.is(step(first, n, n % 3), step(second, n, n % 3));
    assert.is(first.draw(a), second.draw(b));
  }
});

buffers('features come back as the model reads them: within half a step of its input, and clamped to its range', () => {
  const buffer = replayBuffer({ capacity: 4, featureCount: 4, classes: 2, scale: 0.0625, zeroPoint: -3 });
  const out = new Float32Array(4);
  buffer.read(buffer.add(Float32Array.of(1.02, -3.3, 100, Number.NaN), 1), out);
  assert.equal(Array.from(out), [1, -3.3125, 130 * 0.0625, 0]);
});

buffers('within a class a window is drawn in proportion to its loss to the power of alpha', () => {
  const buffer = replayBuffer({ capacity: 64, featureCount: 2, classes: 2 });
  for (let n = 0; n < 40; n++) buffer.add(windowOf(n), n < 8 ? 1 : 0);
  const losses = Array.from({ length: 40 }, (_, n) => (n < 8 ? 2 ** (n - 4) : 0.01));
  losses.forEach((loss, slot) => {
    buffer.setLoss(slot, loss);
  });
  const random = createRandom(3);
  const counts = new Float64Array(40);
  const draws = 40_000;
  for (let i = 0; i < draws; i++) counts[buffer.draw(random)]!++;
  const total = losses.slice(0, 8).reduce((sum, loss) => sum + loss ** 0.6, 0);
  for (let n = 0; n < 8; n++) {
    const expected = (draws / 2) * (losses[n]! ** 0.6 / total);
    assert.ok(Math.abs(counts[n]! - expected) < 5 * Math.sqrt(expected), `${n}: ${counts[n]} instead of ${expected}`);
  }
});

buffers('with beta 1 the weights make up for the priorities exactly; with 0 not at all', () => {
  const buffer = replayBuffer({ capacity: 32, featureCount: 2, classes: 2 });
  const random = createRandom(8);
  for (let n = 0; n < 20; n++) buffer.setLoss(buffer.add(windowOf(n), n % 2), 0.02 + 3 * random.float());
  // A mean over one class, of what is uneven over its windows.
  const value = (slot: number): number => (read(buffer, slot) % 5) ** 2;
  let truth = 0;
  for (let slot = 0; slot < 20; slot += 2) truth += value(slot) / 10;
  const estimate = { weighed: 0, plain: 0, count: 0 };
  for (let i = 0; i < 60_000; i++) {
    const slot = buffer.draw(random);
    if (buffer.labelOf(slot) !== 0) continue;
    estimate.count++;
    estimate.weighed += value(slot) * buffer.weightOf(slot, 1);
    estimate.plain += value(slot) * buffer.weightOf(slot, 0);
  }
  assert.ok(Math.abs(estimate.weighed / estimate.count - truth) < 0.15, `${estimate.weighed / estimate.count}`);
  assert.ok(Math.abs(estimate.plain / estimate.count - truth) > 0.3, `${estimate.plain / estimate.count}`);
});

buffers('a new window enters at the largest priority that there is', () => {
  const buffer = replayBuffer({ capacity: 8, featureCount: 2, classes: 2 });
  for (let n = 0; n < 4; n++) buffer.setLoss(buffer.add(windowOf(n), 0), 0.01);
  buffer.setLoss(2, 4);
  const slot = buffer.add(windowOf(9), 1);
  assert.is(buffer.priorities[slot], buffer.priorities[2]);
  assert.ok(buffer.priorities[slot]! > buffer.priorities[0]!);
});

buffers('windows of the factory stay, and have their share of the draws', () => {
  const sizes = { capacity: 10, featureCount: 2, classes: 3, factoryWindows: 6, factoryShare: 0.25 };
  const buffer = replayBuffer(sizes);
  for (let k = 0; k < 6; k++) buffer.keep(Int8Array.of(k, 100), k % 3);
  const random = createRandom(2);
  for (let i = 0; i < 50; i++) assert.ok(buffer.draw(random) >= 10, 'before the first label there is nothing else');
  for (let n = 0; n < 100; n++) buffer.add(windowOf(n), n % 2);
  assert.equal([buffer.count, buffer.total, buffer.slots], [10, 16, 16]);
  assert.equal(
    Array.from({ length: 6 }, (_, k) => read(buffer, 10 + k)).sort((a, b) => a - b),
    Array.from({ length: 6 }, (_, k) => 12_800 + k),
  );
  let kept = 0;
  const labels = [0, 0, 0];
  for (let i = 0; i < 8000; i++) {
    const slot = buffer.draw(random);
    if (slot < 10) continue;
    kept++;
    labels[buffer.labelOf(slot)]!++;
  }
  assert.ok(Math.abs(kept - 2000) < 200, `${kept}`);
  for (const count of labels) assert.ok(Math.abs(count - kept / 3) < 120, `${labels}`);
});

buffers('drawing, weighing and storing allocate nothing', () => {
  const buffer = replayBuffer({ capacity: 32, featureCount: 2, classes: 2 });
  const random = createRandom(8);
  const window = windowOf(5);
  const allocated = countTypedArrays(() => {
    for (let n = 0; n < 100; n++) {
      buffer.add(window, n % 2);
      const slot = buffer.draw(random);
      buffer.setLoss(slot, buffer.weightOf(slot, 0.5));
    }
  });
  assert.is(allocated, 0);
});

buffers('capacity follows from bytes: the most that fits, and no more than asked for', () => {
  for (const features of [1, 8, 128, 768]) {
    const capacity = replayCapacity(65_536, 65_536, features, 64);
    assert.ok(replayBytes(capacity + 64, features) <= 65_536);
    assert.ok(replayBytes(capacity + 65, features) > 65_536);
  }
  assert.is(replayCapacity(65_536, 100, 8, 0), 100);
  assert.is(replayCapacity(1 << 30, 1 << 20, 8, 64), REPLAY_SLOTS_MAX - 64);
  assert.is(replayCapacity(1_000, 2_048, 768, 64), 0);
});

buffers('a buffer smaller than its classes is refused', () => {
  assert.throws(() => replayBuffer({ capacity: 2, featureCount: 1, classes: 3 }), /cannot hold 3 classes/);
});

buffers.run();
