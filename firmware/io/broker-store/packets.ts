import type { Client, PublishPacket } from 'aedes';

/** A packet on its way through aedes, numbered by it. */
export type BrokerPacket = PublishPacket & { brokerId: string; brokerCounter: number };

/** What goes to a session: a message, or the release of one that it has received (QoS 2). */
export type OutgoingPacket = BrokerPacket | { cmd: 'pubrel'; messageId: number };

/** As much of a client as a persistence is told. */
export type ClientOf = Pick<Client, 'id'> & Partial<Pick<Client, 'clean' | 'conn'>>;

export interface Subscriber {
  readonly clientId: string;
  readonly topic: string;
  readonly qos?: number;
}

/** What arrives is a view of everything read from the socket with it: 64 KB would stay for the sake of 10 bytes. */
export const ownPayload = (packet: PublishPacket): void => {
  packet.payload = Buffer.from(packet.payload as Uint8Array);
};
