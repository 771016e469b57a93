// The far end of ring.test.ts: reads rows as fast as it can and checks that each is whole.
import { parentPort, workerData } from 'node:worker_threads';
import { Doorbell } from '../../kernels/doorbell.ts';
import { type Ring, RingReader } from '../../kernels/ring.ts';

/** What the consumer found. */
export interface RingFindings {
  read: number;
  torn: number;
  skipped: number;
  misplaced: number;
}

const { ring, bell: bellMemory, slow } = workerData as { ring: Ring; bell: SharedArrayBuffer; slow: boolean };
const bell = new Doorbell(bellMemory);
const reader = new RingReader(ring);
const findings: RingFindings = { read: 0, torn: 0, skipped: 0, misplaced: 0 };
let expected = 0;
let idle = 0;

for (let last = false; !last; ) {
  const count = bell.count();
  if (!reader.read()) {
    if (!bell.wait(count, 5_000)) break;
    continue;
  }
  // Row n was pushed with n in every field; a torn row mixes two values of n.
  const n = reader.tMs;
  let whole = reader.pushMs === n && reader.segment === (n & 0xffff);
  for (let channel = 0; channel < ring.channels; channel++) whole &&= reader.values[channel] === n % 8_388_608;
  findings.read++;
  findings.skipped += reader.skippedRows;
  if (!whole) findings.torn++;
  expected += reader.skippedRows;
  if (n !== expected) findings.misplaced++;
  if (reader.skippedRows > 0 && n % ring.windowRows !== 0) findings.misplaced++;
  expected = n + 1;
  last = reader.truth === 1;
  if (slow && n % 64 === 0) for (let spin = 0; spin < 20_000; spin++) idle += spin;
}
parentPort?.postMessage({ ...findings, idle });
