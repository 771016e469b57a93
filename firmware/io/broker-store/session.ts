import type { PublishPacket } from 'aedes';
import { SessionQueue } from '../../machines/session-queue.ts';

/** A client's state that outlives its connections (MQTT 3.1.1 §3.1.2.4), unless it is a clean one. */
export interface Session {
  /** Names it on disk. */
  readonly number: number;
  readonly clientId: string;
  readonly subscriptions: Map<string, number>;
  readonly queue: SessionQueue;
  /** Received QoS 2 messages by identifier, until they are released. */
  readonly incoming: Map<number, PublishPacket>;
  incomingBytes: number;
  /** Larger for sessions used later; clocks of gateways are wrong. */
  seen: number;
  online: boolean;
  /** Everything queued has been sent on this connection: what comes now follows directly. */
  caughtUpOn: object | null;
  /** Runs whenever something is sent to it. */
  progressed: () => void;
}

export const createSession = (number: number, clientId: string, seen: number): Session => ({
  ...{ number, clientId, seen, online: false, incomingBytes: 0, caughtUpOn: null, progressed: () => {} },
  subscriptions: new Map(),
  queue: new SessionQueue(),
  incoming: new Map(),
});
