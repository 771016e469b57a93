import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openStore } from '../../firmware/io/store.ts';
import { writtenBytes } from '../../firmware/io/written-bytes.ts';
import { seeded } from '../support/models.ts';

/** One window a second, one in a hundred labelled: the day of a gateway whose people are attentive. */
const LABELS_A_DAY = 864;
/** A snapshot follows each label, and one comes every ten minutes without. */
const STREAM_SNAPSHOTS_A_DAY = 144;
/** The gas model's: 128 features, 6.4 KB learned. */
const FEATURES = 128;
const SNAPSHOT_BYTES = 6_400;
const BYTES_A_DAY_MAX = 25e6;

const writes = suite('bytes written in a day');

writes('a day of one window a second and 864 labels, without the waiting, is at most 25 MB', async () => {
  // Beside the bundle: what is written to a /tmp that is memory reaches no disk.
  const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
  mkdirSync(dist, { recursive: true });
  const directory = mkdtempSync(join(dist, 'day-'));
  try {
    const random = seeded(3);
    const store = await openStore(directory, { model: 'aaaaaaaaaaaaaaaa' });
    const before = writtenBytes();
    const features = (): Float32Array => Float32Array.from({ length: FEATURES }, random);
    const snapshot = (): Uint8Array => Uint8Array.from({ length: SNAPSHOT_BYTES }, () => Math.floor(random() * 256));
    for (let n = 0; n < LABELS_A_DAY; n++) {
      const entry = { slot: n, sequence: n, window: `1-${n * 100}`, label: n % 4, features: features() };
      await store.putEntry(entry);
      await store.putSnapshot(snapshot());
      if (n % (LABELS_A_DAY / STREAM_SNAPSHOTS_A_DAY) === 0) await store.putSnapshot(snapshot());
    }
    await store.close();
    const after = writtenBytes();
    const handedOver = LABELS_A_DAY * (FEATURES * 4 + SNAPSHOT_BYTES) + STREAM_SNAPSHOTS_A_DAY * SNAPSHOT_BYTES;
    if (before === null || after === null || after - before < handedOver) {
      console.log(
        'skipped: the kernel does not tell how much is written here (no /proc/self/io, or dist/ is in memory)',
      );
      return;
    }
    console.log(`${((after - before) / 1e6).toFixed(1)} MB, ${(handedOver / 1e6).toFixed(1)} MB of them content`);
    assert.ok(after - before <= BYTES_A_DAY_MAX, `${after - before} bytes`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

writes.run();
