/** How to reach a broker: everything a connection needs but its own client id. Secrets are bytes already read. */
export interface BrokerEndpoint {
  /** mqtt://, mqtts://, ws:// or wss://; never with user or password inside: URLs end up in logs. */
  readonly url: string;
  /** Levels put before every topic of ours, without a slash at the end; none when left out. */
  readonly prefix?: string;
  readonly username?: string;
  readonly password?: string;
  /** PEM: who may have signed the broker's certificate; the system's authorities when left out. */
  readonly ca?: Uint8Array;
  /** PEM: the client's own certificate and its key. */
  readonly cert?: Uint8Array;
  readonly key?: Uint8Array;
  /** 4 is MQTT 3.1.1, which every broker speaks; 5 is MQTT 5. Nothing depends on what only 5 has. */
  readonly protocolVersion?: 4 | 5;
}
