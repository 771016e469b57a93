import Type, { type Static } from 'typebox';
import { boardProfile } from '../../boards/registry.ts';
import type { BoardProfile } from '../../boards/schema.ts';
import type { BrokerLimits } from '../machines/broker-limits.ts';
import { closed } from './fields.ts';

const AtMost = Type.Optional(Type.Integer({ minimum: 1 }));

/** Bounds of the embedded broker, each at most what the board carries, which is also its value when left out. */
export const Limits = Type.Object(
  {
    connections: AtMost,
    packetBytes: AtMost,
    sessions: AtMost,
    queueMessages: AtMost,
    queueBytes: AtMost,
    storedBytes: AtMost,
    retainedMessages: AtMost,
    retainedBytes: AtMost,
  },
  closed,
);

type Limits = Static<typeof Limits>;

const ceilings = (board: BoardProfile): BrokerLimits => ({
  connections: board.brokerConnectionsMax,
  packetBytes: board.brokerPacketBytesMax,
  sessions: board.brokerSessionsMax,
  queueMessages: board.brokerQueueMessagesMax,
  queueBytes: board.brokerQueueBytesMax,
  storedBytes: board.brokerStoredBytesMax,
  retainedMessages: board.brokerRetainedMessagesMax,
  retainedBytes: board.brokerRetainedBytesMax,
});

export const brokerLimits = (board: string, limits: Limits = {}): BrokerLimits => ({
  ...ceilings(boardProfile(board)),
  ...limits,
});

/** What is above the board's ceiling: path and reason, or null. */
export const limitsFault = (board: string, limits: Limits = {}): { path: string; why: string } | null => {
  for (const [name, ceiling] of Object.entries(ceilings(boardProfile(board)))) {
    const value = limits[name as keyof Limits];
    if (value !== undefined && value > ceiling) {
      return { path: `/broker/limits/${name}`, why: `must be at most ${ceiling} on the board ${board}` };
    }
  }
  return null;
};
