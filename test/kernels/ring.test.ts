import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startThread } from '../../firmware/io/thread.ts';
import { Doorbell } from '../../kernels/doorbell.ts';
import { createRing, RingReader, RingWriter } from '../../kernels/ring.ts';
import type { RingFindings } from './ring-consumer.ts';

const ring = suite('ring');

const row = new Float32Array(1_024);

const push = (writer: RingWriter, n: number, channels: number, last = false): void => {
  writer.push(row.fill(n % 8_388_608, 0, channels), 0, n, n & 0xffff, last ? 1 : 0, n);
};

ring('rows come out as they went in, in order', () => {
  const shape = createRing({ rows: 8, channels: 3, windowRows: 2 });
  const [writer, reader] = [new RingWriter(shape), new RingReader(shape)];
  assert.not.ok(reader.read());
  writer.push(new Float32Array([9, 1.5, -0, Number.NaN]), 1, 1234.5, 7, -1, 42.25);
  assert.ok(reader.read());
  assert.equal([...reader.values], [1.5, -0, Number.NaN]);
  assert.equal([reader.tMs, reader.segment, reader.truth, reader.pushMs], [1234.5, 7, -1, 42.25]);
  assert.is(reader.skippedRows, 0);
  assert.not.ok(reader.read());
});

ring('a full ring gives up the oldest window whole and counts its rows', () => {
  const shape = createRing({ rows: 8, channels: 1, windowRows: 3 });
  const [writer, reader] = [new RingWriter(shape), new RingReader(shape)];
  for (let n = 0; n < 10; n++) push(writer, n, 1);
  assert.is(writer.droppedRows, 3);
  assert.is(writer.waitingRows, 7);
  assert.ok(reader.read());
  assert.is(reader.tMs, 3);
  assert.is(reader.skippedRows, 3);
  // The reader stands inside the window 3..5: giving that one up means its two unread rows, to the border at 6.
  for (let n = 10; n < 13; n++) push(writer, n, 1);
  assert.is(writer.droppedRows, 5);
  assert.ok(reader.read());
  assert.is(reader.tMs, 6);
  assert.is(reader.skippedRows, 2);
});

ring('a new reader carries on where the last one stopped', () => {
  const shape = createRing({ rows: 8, channels: 1, windowRows: 2 });
  const writer = new RingWriter(shape);
  for (let n = 0; n < 4; n++) push(writer, n, 1);
  const first = new RingReader(shape);
  first.read();
  first.read();
  const second = new RingReader(shape);
  second.read();
  assert.is(second.tMs, 2);
});

ring('row counters may pass 32 bits', () => {
  const shape = createRing({ rows: 8, channels: 1, windowRows: 2 });
  // Both ends as they stand four rows before the counters in the shared memory wrap: written, oldest and read are -4.
  new Int32Array(shape.shared, 0, 3).fill(-4);
  const [writer, reader] = [new RingWriter(shape), new RingReader(shape)];
  for (let n = 0; n < 6; n++) {
    push(writer, n, 1);
    assert.ok(reader.read());
    assert.is(reader.tMs, n);
  }
  for (let n = 6; n < 15; n++) push(writer, n, 1);
  assert.is(writer.waitingRows, 7);
  assert.ok(reader.read());
  assert.equal([reader.tMs, reader.skippedRows], [8, 2]);
});

ring('sizes that cannot work are refused with the name of the size', () => {
  assert.throws(() => createRing({ rows: 64, channels: 0, windowRows: 4 }), /ring: channels must be/);
  assert.throws(() => createRing({ rows: 64, channels: 1.5, windowRows: 4 }), /ring: channels must be/);
  assert.throws(() => createRing({ rows: 64, channels: 1, windowRows: 33 }), /do not hold two windows/);
  assert.throws(() => createRing({ rows: 2 ** 25, channels: 1, windowRows: 4 }), /rows must be at most/);
});

/** Pushes as fast as this thread can while another one reads. */
const race = async (options: { rows: number; channels: number; windowRows: number; pushes: number; slow: boolean }) => {
  const shape = createRing(options);
  const bellMemory = new SharedArrayBuffer(Doorbell.BYTES);
  const bell = new Doorbell(bellMemory);
  const consumer = startThread(new URL('./ring-consumer.ts', import.meta.url), {
    workerData: { ring: shape, bell: bellMemory, slow: options.slow },
  });
  await once(consumer, 'online');
  const writer = new RingWriter(shape);
  for (let n = 0; n < options.pushes; n++) {
    push(writer, n, options.channels, n === options.pushes - 1);
    bell.ring();
    if (n % 1_000 === 0) await new Promise(setImmediate);
  }
  const [findings] = (await once(consumer, 'message')) as [RingFindings];
  await consumer.terminate();
  return { findings, writer };
};

for (const slow of [true, false]) {
  ring(
    `two threads at full speed, ${slow ? 'slow' : 'fast'} consumer: no torn row, and the counts add up`,
    async () => {
      const pushes = 300_000;
      const { findings, writer } = await race({ rows: 256, channels: 6, windowRows: 48, pushes, slow });
      assert.is(findings.torn, 0);
      assert.is(findings.misplaced, 0);
      assert.is(findings.read + findings.skipped, pushes);
      assert.ok(findings.skipped <= writer.droppedRows, `${findings.skipped} of ${writer.droppedRows}`);
      if (slow) assert.ok(writer.droppedRows > 0, 'a slow consumer must lose rows');
    },
  );
}

ring('wide rows in a small ring: a row that is overwritten while it is copied is not used', async () => {
  // Copying takes longer than pushing one window, so that without the check after the copy rows do come out torn.
  const pushes = 40_000;
  const { findings, writer } = await race({ rows: 8, channels: 1_000, windowRows: 4, pushes, slow: false });
  assert.is(findings.torn, 0);
  assert.is(findings.misplaced, 0);
  assert.is(findings.read + findings.skipped, pushes);
  // The producer may count a row that the consumer took at that very moment; the consumer's own count is exact.
  assert.ok(findings.skipped <= writer.droppedRows, `${findings.skipped} of ${writer.droppedRows}`);
});

ring.run();
