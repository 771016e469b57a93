import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SumTree, sumTreeBytes } from '../../kernels/learning/sum-tree.ts';
import { createRandom } from '../../kernels/random.ts';

const trees = suite('sum-tree');

trees('sums and searches as a plain list does, through changes and moves, for every size', () => {
  const random = createRandom(4);
  for (const size of [1, 2, 3, 7, 8, 33, 100]) {
    const tree = new SumTree(size);
    const list = new Array<number>(size).fill(0);
    const sumBefore = (count: number): number => list.slice(0, count).reduce((sum, value) => sum + value, 0);
    for (let round = 0; round < 60; round++) {
      const at = random.integer(size);
      // Multiples of 1/8: sums in any order are exact.
      list[at] = random.integer(64) / 8;
      tree.set(at, list[at]!);
      if (round % 5 === 0 && size > 2) {
        const count = random.integer(size - 1) + 1;
        const [to, from] = [random.integer(size - count + 1), random.integer(size - count + 1)];
        tree.move(to, from, count);
        list.copyWithin(to, from, from + count);
      }
      for (let count = 0; count <= size; count++) assert.is(tree.before(count), sumBefore(count));
      if (sumBefore(size) === 0) continue;
      const target = random.float() * sumBefore(size);
      const found = tree.find(target);
      assert.ok(sumBefore(found) <= target && target < sumBefore(found + 1), `${found} for ${target} of ${list}`);
      assert.is(tree.get(found), list[found]);
    }
  }
});

trees('no rounding error gathers: after a million changes back and forth the sum is what it was', () => {
  const tree = new SumTree(3);
  for (let at = 0; at < 3; at++) tree.set(at, 0.1);
  const before = tree.before(3);
  for (let i = 0; i < 500_000; i++) {
    tree.set(1, 1e9 + i);
    tree.set(1, 0.1);
  }
  assert.is(tree.before(3), before);
});

trees('memory is two values for each leaf of the whole binary tree', () => {
  assert.equal([1, 2, 3, 400, 512, 513].map(sumTreeBytes), [16, 32, 64, 8192, 8192, 16_384]);
});

trees.run();
