/** What the embedded broker may hold and carry; the reasons stand beside the ceilings in boards/schema.ts. */
export interface BrokerLimits {
  readonly connections: number;
  /** Largest packet, header included. */
  readonly packetBytes: number;
  /** Sessions that outlive their connections. */
  readonly sessions: number;
  /** QoS 1 and 2 messages waiting for one session. */
  readonly queueMessages: number;
  readonly queueBytes: number;
  /** Messages waiting for all sessions together, one that waits for several counted once. */
  readonly storedBytes: number;
  readonly retainedMessages: number;
  readonly retainedBytes: number;
}
