import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { countAllocations } from '../../firmware/worker/count-allocations.ts';

const allocations = suite('allocation count');

allocations('every way to a typed array is counted, and reading or writing one is not', () => {
  const old = new Float32Array(8);
  const count = countAllocations();
  const ways: [string, () => unknown][] = [
    ['new', () => new Float32Array(4)],
    ['a view', () => new DataView(old.buffer)],
    ['a buffer', () => new SharedArrayBuffer(4)],
    ['subarray of one made before', () => old.subarray(1)],
    ['slice', () => old.slice()],
    ['map', () => old.map((value) => value + 1)],
    ['from', () => Float64Array.from([1, 2])],
  ];
  for (const [name, way] of ways) {
    const before = count.total();
    way();
    assert.ok(count.total() > before, name);
  }
  const before = count.total();
  old[3] = 2;
  old.set(old, 0);
  old.fill(old[3]!);
  old.copyWithin(0, 4);
  assert.is(count.total(), before);
  assert.ok(new Int16Array(2) instanceof Int16Array);
});

allocations.run();
