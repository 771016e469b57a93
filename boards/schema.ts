import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/schema';

const MIB = 1024 * 1024;
const count = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum });

/**
 * What a board can carry. Everything that the node sizes at start (rings, arena, buffers) is bounded here, so that a
 * configuration that cannot fit is refused at start and not found out at night.
 */
export const BoardProfile = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 64 }),
    description: Type.String({ maxLength: 200 }),
    /** All memory and all storage of the node: what its parts take at most must fit, or it does not start. */
    memoryBytesMax: count(64 * MIB, 1024 * 1024 * MIB),
    storeBytesMax: count(MIB, 1024 * 1024 * MIB),
    /** Largest model file, and memory of its engine. */
    modelBytesMax: count(1024, 256 * MIB),
    arenaBytesMax: count(64 * 1024, 1024 * MIB),
    /** Memory that learning takes there on top; adapter points that do not fit, the first ones, stay frozen. */
    learningArenaBytesMax: count(0, 1024 * MIB),
    /** The same of what learns, its gradients, its optimiser and what is stored of them. */
    learningStateBytesMax: count(0, 1024 * MIB),
    /** Work of one inference, in multiply-adds of the compiled kernels: what a window may wait for. */
    multiplyAddsMax: count(1_000_000, 100_000_000_000),
    /** Weights in memory: as int16, twice their size in the file, or as int8 for some 10 to 15 % more time. */
    weightPacking: Type.Union([Type.Literal('fast'), Type.Literal('compact')]),
    /** Rows of samples between the sensor and the worker; rounded up to a power of two. */
    ringRows: count(16, 1 << 20),
    /** Samples of live sensors that may wait for their row, in all channels together. */
    sensorQueueSamples: count(1_024, 1 << 24),
    /** Decided windows whose label may still come. */
    pendingWindows: count(1, 1 << 16),
    /** Labelled windows kept for learning. */
    replayCapacity: count(16, 1 << 16),
    /** Memory of them, a byte for each feature. */
    replayBytesMax: count(16 * 1024, 256 * MIB),
    /** Time for learning: of every second, and at a stretch before the worker looks whether a window waits. */
    learningMsPerSecondMax: count(1, 1_000),
    learningSliceMsMax: count(1, 1_000),
    /**
     * Several adapters of one model: their stored forms, and optimiser state of those in use; a snapshot has them all.
     */
    learningPoolBytesMax: count(16 * 1024, 3 * MIB),
    /** Decisions that wait for a broker that is away: how many, and bytes of disk. At the bound the oldest go. */
    outboxEntriesMax: count(256, 1 << 24),
    outboxBytesMax: count(256 * 1024, 16 * 1024 * MIB),
    /** Written to the disk in 24 hours before the node says that the card will not last. */
    writeBytesPerDayMax: count(MIB, 1024 * 1024 * MIB),
    /** The embedded broker: connections, and the largest packet; unread bytes of both ways come per connection. */
    brokerConnectionsMax: count(1, 4_096),
    brokerPacketBytesMax: count(1_024, 4 * MIB),
    /** Sessions that outlive their connections. */
    brokerSessionsMax: count(1, 4_096),
    /** What waits for one session, and for all of them together; it is held in memory as well as on disk. */
    brokerQueueMessagesMax: count(1, 60_000),
    brokerQueueBytesMax: count(1_024, 256 * MIB),
    brokerStoredBytesMax: count(1_024, 1024 * MIB),
    /** Retained messages; in memory and on disk. */
    brokerRetainedMessagesMax: count(1, 1 << 16),
    brokerRetainedBytesMax: count(1_024, 256 * MIB),
  },
  { additionalProperties: false },
);

export type BoardProfile = Static<typeof BoardProfile>;

/** A profile as it is written: a base to inherit from, and what differs. */
export type BoardEntry = { readonly base?: string } & Partial<Omit<BoardProfile, 'name'>> & { readonly name: string };

const validator = Compile(BoardProfile);

/** Returns what is wrong with a profile, as `path: why`, or null. */
export const faultOfProfile = (value: unknown): string | null => {
  if (validator.Check(value)) return null;
  const [, [first]] = validator.Errors(value);
  return `${first?.instancePath || '/'}: ${first?.message ?? 'not a board profile'}`;
};
