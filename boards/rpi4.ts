import type { BoardEntry } from './schema.ts';

/** 1.5 GHz Cortex-A72: a quarter of a PC in speed, so the largest models would not keep up with a sensor. */
export const rpi4: BoardEntry = {
  name: 'rpi4',
  base: 'pc',
  description: 'Raspberry Pi 4, 1 GB or more, SD card',
  // Of the smallest model's 1 GB; the system and the page cache want the rest.
  memoryBytesMax: 384 * 1024 * 1024,
  storeBytesMax: 256 * 1024 * 1024,
  modelBytesMax: 8 * 1024 * 1024,
  arenaBytesMax: 32 * 1024 * 1024,
  learningArenaBytesMax: 4 * 1024 * 1024,
  learningStateBytesMax: 4 * 1024 * 1024,
  multiplyAddsMax: 600_000_000,
  // Of one of four cores: the system, the broker and the main thread have the others.
  learningMsPerSecondMax: 250,
  // A sample of the larger models takes a few ms here.
  learningSliceMsMax: 10,
  outboxEntriesMax: 250_000,
  outboxBytesMax: 128 * 1024 * 1024,
  // A cheap 8 GB card bears about 500 whole writes; with the card's own tenfold amplification this leaves ten years.
  writeBytesPerDayMax: 100_000_000,
  // At worst each holds a MiB that is not read; larger sites have a broker of their own.
  brokerConnectionsMax: 64,
  brokerStoredBytesMax: 16 * 1024 * 1024,
};
