import type { Socket } from 'node:net';
import { Aedes, type Client } from 'aedes';
import MemoryPersistence from 'aedes-persistence/asyncPersistence.js';
import { isLoopback, reachableHost } from '../configuration/broker.ts';
import { brokerLimits } from '../configuration/broker-limits.ts';
import { errorCode, errorMessage, NodeError } from '../errors.ts';
import type { BrokerLimits } from '../machines/broker-limits.ts';
import { PacketGuard } from '../machines/packet-guard.ts';
import { createVitals } from '../vitals.ts';
import { type AccessRules, type BrokerAccess, createBrokerAccess } from './broker-access.ts';
import { BEHIND_BYTES_MAX, createHooks, type Granted } from './broker-hooks.ts';
import { createBrokerServer, type ServerCertificate } from './broker-server.ts';
import { Admission } from './broker-store/admission.ts';
import { type BrokerReport, type BrokerStore, openBrokerStore } from './broker-store/open.ts';
import { listen } from './listen.ts';

/** Above what may wait for a subscriber by more than a packet, so that aedes never waits for a socket to drain. */
const socketBufferBytes = (packetBytes: number): number => BEHIND_BYTES_MAX + packetBytes + 256 * 1024;
/** Should it wait after all (for a session that reads its queue slowly), then no longer before the client is cut. */
const DRAIN_MS_MAX = 5_000;
/** Of one connection at a time, so that no client is served megabytes before the next has its turn. */
const READ_BYTES_MAX = 64 * 1024;

const OPEN_WHY =
  'is reached from other machines, and without certificates the broker would let everyone in: add "tls" ' +
  '(docs/mesh-fleet.md), or listen on 127.0.0.1';

export interface Broker {
  readonly url: string;
  readonly port: number;
  /** Disconnects every client and frees the port. */
  close(): Promise<void>;
}

export interface BrokerOptions {
  readonly host?: string;
  /** TCP port, 0 lets the system choose. */
  readonly port: number;
  /** Where retained messages, sessions and what waits for them are kept; without it they end with the process. */
  readonly directory?: string;
  readonly limits?: BrokerLimits;
  readonly report?: BrokerReport;
  readonly notice?: (text: string) => void;
  /** TLS with client certificates; without it the broker is open, and listens on this machine alone. */
  readonly closed?: { readonly certificate: ServerCertificate; readonly rules: AccessRules };
}

/**
 * The embedded MQTT 3.1.1 broker. It listens on this machine alone unless `host` says otherwise, which it may only when
 * everybody has to show a certificate.
 *
 * @throws NodeError `brokerOpen`, `portInUse`, `portForbidden`, `brokerStart`, and of `openBrokerStore`
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { host = '127.0.0.1', notice = () => {}, directory, closed } = options;
  if (closed === undefined && !isLoopback(host)) throw new NodeError('brokerOpen', `${host} ${OPEN_WHY}`);
  const { limits = brokerLimits('pc'), report = createVitals(notice) } = options;
  const store = directory === undefined ? null : await openBrokerStore({ directory, limits, report, notice });
  const { aedes, access } = createAedes({ limits, report, store, notice, rules: closed?.rules });
  await aedes.listen();
  if (access !== null && store !== null) await restoreRevocations(access, store);
  const refused = () => report.count('brokerPacketsRefused');
  const server = createBrokerServer({
    bufferBytes: socketBufferBytes(limits.packetBytes),
    certificate: closed?.certificate ?? null,
    accept: (socket) => void aedes.handle(guarded(socket, limits.packetBytes, refused)),
    refused: (why) => {
      report.count('brokerConnectionsRefused');
      notice(`the broker refuses a client before its first word: ${why}`);
    },
  });
  server.maxConnections = limits.connections;
  server.on('drop', () => report.count('brokerConnectionsRefused'));
  const closeBroker = async (): Promise<void> => {
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
    // Wills of those who were connected are on their way to the disk.
    await store?.disk.flushed().catch(() => {});
    await store?.persistence.destroy();
  };
  try {
    await listen(server, host, options.port);
  } catch (error) {
    await closeBroker();
    throw explained(host, options.port, error);
  }
  publishWills(aedes, store);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  if (access === null) notice(`the broker on ${host} port ${port} is open: whatever runs on this machine may use it`);
  return {
    url: `${access === null ? 'mqtt' : 'mqtts'}://${reachableHost(host)}:${port}`,
    port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await closeBroker();
      await closed;
    },
  };
}

interface AedesParts {
  readonly limits: BrokerLimits;
  readonly report: BrokerReport;
  readonly store: BrokerStore | null;
  readonly notice: (text: string) => void;
  readonly rules: AccessRules | undefined;
}

const createAedes = ({ limits, report, store, notice, rules }: AedesParts) => {
  const granted: Granted = new WeakMap();
  let admission: Admission | null = null;
  const access = rules === undefined ? null : createBrokerAccess(rules, (client) => client.close());
  const aedes = new Aedes({
    ...createHooks({ limits, report, store, granted, access, notice, admission: () => admission }),
    persistence: store?.persistence ?? new MemoryPersistence(),
    drainTimeout: DRAIN_MS_MAX,
  });
  if (store !== null) admission = new Admission(aedes, store);
  const counted = (online: boolean) => (client: Client) => {
    report.set('brokerClients', aedes.connectedClients);
    if (online) access?.joined(client);
    else access?.left(client);
    const session = store?.sessions.find(client.id);
    if (session !== undefined) store?.sessions.touch(session, online);
  };
  aedes.on('client', counted(true));
  aedes.on('clientDisconnect', counted(false));
  aedes.on('unsubscribe', (filters, client) => {
    for (const filter of filters) granted.get(client)?.delete(filter);
  });
  return { aedes, access };
};

/** Of the list in force when the broker ended, before anybody connects. */
const restoreRevocations = async (access: BrokerAccess, { persistence }: BrokerStore): Promise<void> => {
  for await (const packet of persistence.createRetainedStream(access.revocations)) {
    access.restore(Buffer.from((packet as { payload: Uint8Array | string }).payload));
  }
};

/** Of clients whose connections ended with the broker, and so without DISCONNECT [MQTT-3.1.2-8]. */
const publishWills = (aedes: Aedes, store: BrokerStore | null): void => {
  for (const { clientId, topic, payload, qos, retain } of store?.wills ?? []) {
    const packet = { topic, payload: Buffer.from(payload), qos: qos as 0 | 1 | 2, retain } as const;
    aedes.publish({ ...packet, cmd: 'publish', dup: false }, () => store?.persistence.willPublished(clientId));
  }
};

/** Cuts a connection that announces a packet too large, before the parser collects it. */
function guarded(socket: Socket, packetBytesMax: number, refused: () => void): Socket {
  const guard = new PacketGuard(packetBytesMax);
  const read = socket.read.bind(socket);
  socket.read = (size?: number | null) => {
    // Streams themselves ask for 0 bytes, aedes for null: whatever there is.
    const chunk: Buffer | null = read(size ?? (socket.readableLength > READ_BYTES_MAX ? READ_BYTES_MAX : undefined));
    if (chunk === null || guard.accepts(chunk)) return chunk;
    refused();
    socket.destroy();
    return null;
  };
  return socket;
}

function explained(host: string, port: number, cause: unknown): NodeError {
  switch (errorCode(cause)) {
    case 'EADDRINUSE': {
      const message = `port ${port} is in use; stop what listens there, choose another --port, or use its broker's URL`;
      return new NodeError('portInUse', message, { cause });
    }
    case 'EACCES':
      return new NodeError('portForbidden', `port ${port} needs privileges; choose a --port above 1023`, { cause });
    default:
      return new NodeError('brokerStart', `no broker at ${host}:${port}: ${errorMessage(cause)}`, { cause });
  }
}
