/** A message ready for the broker: an effect as data. */
export interface OutgoingMessage {
  readonly topic: string;
  /** The topic is somebody else's convention (Home Assistant's, say): no prefix of ours goes before it. */
  readonly absolute?: boolean;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1;
  readonly retain: boolean;
}
