import type { BoardEntry } from './schema.ts';

/** A desk, a server or an industrial PC; also the base that other boards inherit from. */
export const pc: BoardEntry = {
  name: 'pc',
  description: 'x86-64 or arm64 machine with 1 GB of memory or more',
  memoryBytesMax: 768 * 1024 * 1024,
  storeBytesMax: 1024 * 1024 * 1024,
  modelBytesMax: 16 * 1024 * 1024,
  arenaBytesMax: 48 * 1024 * 1024,
  multiplyAddsMax: 1_200_000_000,
  weightPacking: 'fast',
  ringRows: 8_192,
  sensorQueueSamples: 65_536,
  pendingWindows: 1_024,
  replayCapacity: 2_048,
  learningPoolBytesMax: 2 * 1024 * 1024,
  outboxEntriesMax: 1_000_000,
  outboxBytesMax: 512 * 1024 * 1024,
  writeBytesPerDayMax: 4_000_000_000,
  brokerConnectionsMax: 256,
  brokerPacketBytesMax: 256 * 1024,
  brokerSessionsMax: 256,
  brokerQueueMessagesMax: 10_000,
  brokerQueueBytesMax: 4 * 1024 * 1024,
  brokerStoredBytesMax: 32 * 1024 * 1024,
  brokerRetainedMessagesMax: 4_096,
  brokerRetainedBytesMax: 4 * 1024 * 1024,
};
