import Type, { type Static } from 'typebox';
import { isTopicFilter } from '../../protocols/topic-filter.ts';
import { isOurs } from '../../protocols/topics.ts';
import { Limits } from './broker-limits.ts';
import { closed, Path } from './fields.ts';

const Text = (maxLength: number) => Type.String({ minLength: 1, maxLength });

const Filters = Type.Optional(Type.Array(Text(1_024), { maxItems: 64 }));

const BrokerTls = Type.Object(
  {
    /** PEM: the certificate of this node, which names the addresses that others reach it by, and its key. */
    certFile: Path,
    keyFile: Path,
    /** PEM: the site's authority, which has signed the certificates of all who may come. */
    caFile: Path,
    /** PEM: the operator's public key, which proves revocations. */
    rootFile: Path,
  },
  closed,
);

export type BrokerTls = Static<typeof BrokerTls>;

const EmbeddedBroker = Type.Object(
  {
    embedded: Type.Literal(true),
    /** Address to listen on; this machine alone unless said otherwise. */
    host: Type.Optional(Text(255)),
    /** 0 lets the system choose. */
    port: Type.Integer({ minimum: 0, maximum: 65_535 }),
    /** Take any free port when this one is in use. */
    orAnyPort: Type.Optional(Type.Boolean()),
    limits: Type.Optional(Limits),
    /** TLS with client certificates, all made by `myrmexctl fleet`. Without it the broker is this machine's alone. */
    tls: Type.Optional(BrokerTls),
    /** Topics outside our own tree that every holder of a certificate may read, and every node write. */
    access: Type.Optional(Type.Object({ reads: Filters, writes: Filters }, closed)),
  },
  closed,
);

export const RemoteBroker = Type.Object(
  {
    /** mqtt://, mqtts://, ws:// or wss://, without user or password in it. */
    url: Type.String({ pattern: '^(mqtts?|wss?)://', maxLength: 1_024 }),
    username: Type.Optional(Text(512)),
    password: Type.Optional(Text(4_096)),
    /** A file with nothing but the password; a newline at its end does not count. */
    passwordFile: Type.Optional(Path),
    /** PEM: who may have signed the broker's certificate; the system's authorities when left out. */
    caFile: Type.Optional(Path),
    /** PEM: the gateway's own certificate and its key, for brokers that ask who comes. */
    certFile: Type.Optional(Path),
    keyFile: Type.Optional(Path),
    /** 4 is MQTT 3.1.1, 5 is MQTT 5. */
    protocolVersion: Type.Optional(Type.Union([Type.Literal(4), Type.Literal(5)])),
    /** Levels put before every topic of ours: `plant/pumps`. A leading `$` belongs to the broker [MQTT-4.7.2-1]. */
    prefix: Type.Optional(Type.String({ pattern: '^[^$/+#\\u0000][^/+#\\u0000]*(/[^/+#\\u0000]+)*$', maxLength: 128 })),
  },
  closed,
);

/** The broker: embedded in this process, or any MQTT 3.1.1 or MQTT 5 broker by URL. */
export const Broker = Type.Union([EmbeddedBroker, RemoteBroker]);

export type Broker = Static<typeof Broker>;
export type EmbeddedBroker = Static<typeof EmbeddedBroker>;
export type RemoteBroker = Static<typeof RemoteBroker>;

/** Addresses that only this machine reaches (RFC 1122 §3.2.1.3 (g), RFC 4291 §2.5.3). */
export const isLoopback = (host: string): boolean => /^(localhost|::1|127(\.\d{1,3}){3})$/.test(host);

/** Whether nobody on another machine reaches a broker that lets everyone in. */
export const isOnThisMachine = (broker: Broker): boolean => {
  if (!('url' in broker)) return broker.tls === undefined;
  return URL.canParse(broker.url) && isLoopback(new URL(broker.url).hostname.replace(/^\[|\]$/g, ''));
};

/** Where a program on this machine finds a server that may listen on all addresses. @param host as configured */
export const reachableHost = (host = '127.0.0.1'): string => {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
};

const embeddedFault = ({ host, tls, access = {} }: EmbeddedBroker): { path: string; why: string } | null => {
  const at = (field: string, why: string) => ({ path: `/broker/${field}`, why });
  if (host !== undefined && !isLoopback(host) && tls === undefined) {
    const mend = 'add "tls" with certificates of "myrmexctl fleet", or leave host out';
    return at('host', `is reached from other machines, and this broker would let everyone in: ${mend}`);
  }
  if (tls === undefined && Object.keys(access).length > 0) {
    return at('access', 'needs "tls" beside it: without certificates everybody on this machine may do everything');
  }
  for (const name of ['reads', 'writes'] as const) {
    for (const [i, filter] of (access[name] ?? []).entries()) {
      if (!isTopicFilter(filter)) return at(`access/${name}/${i}`, 'has to be a topic filter such as plc/#');
      if (isOurs(filter)) return at(`access/${name}/${i}`, 'reaches into mx/, where roles decide: narrow it');
    }
  }
  return null;
};

/** What is wrong with fields that are each right by themselves; never quotes a value, as some of them are secrets. */
export const brokerFault = (broker: Broker): { path: string; why: string } | null => {
  if (!('url' in broker)) return embeddedFault(broker);
  const { url, username, password, passwordFile, caFile, certFile, keyFile, protocolVersion } = broker;
  const at = (field: string, why: string) => ({ path: `/broker/${field}`, why });
  const secure = /^(mqtts|wss):/.test(url);
  if (/^[a-z]+:\/\/[^/?#]*@/.test(url)) {
    return at('url', 'has a user or password inside, and URLs end up in logs: write username and passwordFile instead');
  }
  if (password !== undefined && passwordFile !== undefined)
    return at('password', 'is given twice: drop it, or its file');
  const secret = password !== undefined ? 'password' : 'passwordFile';
  if ((password ?? passwordFile) !== undefined && username === undefined && protocolVersion !== 5) {
    return at(secret, 'needs a username beside it: MQTT 3.1.1 knows no password without one [MQTT-3.1.2-22]');
  }
  if (certFile !== undefined && keyFile === undefined) return at('certFile', 'needs the keyFile that belongs to it');
  if (keyFile !== undefined && certFile === undefined) return at('keyFile', 'needs the certFile that belongs to it');
  if (!secure && (caFile ?? certFile) !== undefined) {
    return at(caFile === undefined ? 'certFile' : 'caFile', 'is of use with mqtts:// or wss:// only: change the url');
  }
  return null;
};
