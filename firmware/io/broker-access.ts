import { TLSSocket } from 'node:tls';
import type { Client } from 'aedes';
import { mayUseClientId } from '../../protocols/access.ts';
import { createCodec } from '../../protocols/codec.ts';
import { Revocations } from '../../protocols/revocations.ts';
import type { Root } from '../../protocols/root-signed.ts';
import { revocationTopic } from '../../protocols/topics.ts';
import { BrokerMember, type CertificateFacts, type SiteRules } from '../machines/broker-member.ts';

/** Return codes of CONNACK (MQTT 3.1.1 §3.2.2.3). */
const IDENTIFIER_REJECTED = 2;
const NOT_AUTHORIZED = 5;
const SHOWN_CHARS_MAX = 128;

export interface Refusal {
  readonly returnCode: number;
  /** For the log: who, and what was wrong. */
  readonly why: string;
}

/** What arrives at a topic: of a live publication, or as it was retained. */
export interface Arrival {
  readonly topic: string;
  readonly payload: Uint8Array | string;
}

/** Who may do what at a broker whose clients show certificates. */
export interface BrokerAccess {
  /** Where revocations are retained. */
  readonly revocations: string;
  /** Decides about a CONNECT, by certificate, client id and the topic of the will; null lets the client in. */
  admit(client: Client, clientId: string, will: string | undefined): Refusal | null;
  /** The broker has let the client in; a revocation from now on cuts it. */
  joined(client: Client): void;
  left(client: Client): void;
  /** Null when the client may publish this; else why not. */
  refusesPublish(client: Client, arrival: Arrival): string | null;
  /** Null when the client may subscribe to this, or hear it; else why not. */
  refusesReading(client: Client, filter: string): string | null;
  /** Takes a list of revocations that was retained earlier. */
  restore(payload: Uint8Array): void;
}

export interface AccessRules extends SiteRules {
  /** Proves revocations. */
  readonly root: Root;
}

/** @param cut ends the connection of a member that was revoked a moment ago */
export const createBrokerAccess = (rules: AccessRules, cut: (client: Client) => void): BrokerAccess => {
  const list = new Revocations(createCodec(), rules);
  const members = new WeakMap<Client, BrokerMember>();
  const connected = new Set<Client>();
  const topic = revocationTopic(rules.site);

  const isRevoked = (client: Client): boolean => list.isRevoked(members.get(client)?.serial ?? 0);

  const admit = (client: Client, clientId: string, will: string | undefined): Refusal | null => {
    const facts = factsOf(client);
    const member = facts === null ? null : BrokerMember.of(facts, rules);
    if (member === null) {
      const why = `the certificate of "${plain(facts?.commonName ?? '')}" gives no role at ${rules.site}`;
      return { returnCode: NOT_AUTHORIZED, why };
    }
    const { commonName, serial } = member;
    if (list.isRevoked(serial)) return { returnCode: NOT_AUTHORIZED, why: `${commonName} was revoked` };
    if (!mayUseClientId(commonName, clientId)) {
      const why = `${commonName} calls itself "${plain(clientId)}"; its client id has to be its own name`;
      return { returnCode: IDENTIFIER_REJECTED, why };
    }
    if (will !== undefined && !member.mayWrite(will)) {
      return { returnCode: NOT_AUTHORIZED, why: `${commonName} may not leave a will at ${plain(will)}` };
    }
    members.set(client, member);
    return null;
  };

  /** Takes a list that was published, and refuses any that is not the root's newest: it would take the place of it. */
  const revoke = (payload: Uint8Array): string | null => {
    const taken = list.take(payload);
    const isInForce = Buffer.from(payload).equals(list.message ?? Buffer.alloc(0));
    if (!taken.ok) return isInForce ? null : `the list of revocations is refused: ${taken.reason}`;
    for (const client of [...connected]) if (isRevoked(client)) cut(client);
    return null;
  };

  return {
    revocations: topic,
    admit,
    joined: (client) => {
      connected.add(client);
      if (isRevoked(client)) cut(client);
    },
    left: (client) => void connected.delete(client),
    refusesPublish: (client, arrival) => {
      const member = members.get(client);
      if (member === undefined) return 'a connection without a member may publish nothing';
      if (!member.mayWrite(arrival.topic)) return `${member.commonName} may not publish to ${plain(arrival.topic)}`;
      return arrival.topic === topic ? revoke(Buffer.from(arrival.payload)) : null;
    },
    refusesReading: (client, filter) => {
      const member = members.get(client);
      if (member?.mayRead(filter)) return null;
      return `${member?.commonName ?? 'a connection without a member'} may not read ${plain(filter)}`;
    },
    restore: (payload) => void list.take(payload),
  };
};

/** What somebody else wrote, for a log: without what could break its lines or drive a terminal. */
const plain = (text: string): string => text.slice(0, SHOWN_CHARS_MAX).replace(/[\p{Cc}\p{Cf}]/gu, '·');

/** Null when the connection is none of TLS, or TLS has proven nothing about the other end. */
const factsOf = ({ conn }: Client): CertificateFacts | null => {
  if (!(conn instanceof TLSSocket) || !conn.authorized) return null;
  const { subject, serialNumber } = conn.getPeerCertificate();
  if (subject === undefined) return null;
  // Attributes that are there more than once are arrays, which the types do not know.
  const all = (value: string | string[] | undefined): string[] => (value === undefined ? [] : [value].flat());
  const [organisation = '', ...otherO] = all(subject.O);
  const [commonName = '', ...otherCN] = all(subject.CN);
  if (otherO.length + otherCN.length > 0) return null;
  return { organisation, commonName, units: all(subject.OU), serial: serialNumber };
};
