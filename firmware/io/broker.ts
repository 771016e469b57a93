import { createServer, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import MemoryPersistence from 'aedes-persistence/asyncPersistence.js';
import { brokerLimits } from '../configuration/broker-limits.ts';
import { errorCode, errorMessage, NodeError } from '../errors.ts';
import type { BrokerLimits } from '../machines/broker-limits.ts';
import { PacketGuard } from '../machines/packet-guard.ts';
import { createVitals } from '../vitals.ts';
import { BEHIND_BYTES_MAX, createHooks, type Granted } from './broker-hooks.ts';
import { Admission } from './broker-store/admission.ts';
import { type BrokerReport, type BrokerStore, openBrokerStore } from './broker-store/open.ts';
import { listen } from './listen.ts';

/** Above what may wait for a subscriber by more than a packet, so that aedes never waits for a socket to drain. */
const socketBufferBytes = (packetBytes: number): number => BEHIND_BYTES_MAX + packetBytes + 256 * 1024;
/** Should it wait after all (for a session that reads its queue slowly), then no longer before the client is cut. */
const DRAIN_MS_MAX = 5_000;
/** Of one connection at a time, so that no client is served megabytes before the next has its turn. */
const READ_BYTES_MAX = 64 * 1024;

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
}

/**
 * The embedded MQTT 3.1.1 broker. It listens on this machine alone unless `host` says otherwise, as it checks nobody's
 * identity.
 *
 * @throws NodeError `portInUse`, `portForbidden`, `brokerStart`, and of `openBrokerStore`
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { host = '127.0.0.1', notice = () => {}, directory } = options;
  const { limits = brokerLimits('pc'), report = createVitals(notice) } = options;
  const store = directory === undefined ? null : await openBrokerStore({ directory, limits, report, notice });
  const aedes = createAedes(limits, report, store);
  await aedes.listen();
  // Without noDelay a small answer waits up to 40 ms for the acknowledgement of the one before it (RFC 896, RFC 1122).
  const settings = { highWaterMark: socketBufferBytes(limits.packetBytes), noDelay: true };
  const refused = () => report.count('brokerPacketsRefused');
  const server = createServer(settings, (socket) => aedes.handle(guarded(socket, limits.packetBytes, refused)));
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
  return {
    url: `mqtt://${host}:${port}`,
    port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await closeBroker();
      await closed;
    },
  };
}

const createAedes = (limits: BrokerLimits, report: BrokerReport, store: BrokerStore | null): Aedes => {
  const granted: Granted = new WeakMap();
  let admission: Admission | null = null;
  const aedes = new Aedes({
    ...createHooks({ limits, report, store, granted, admission: () => admission }),
    persistence: store?.persistence ?? new MemoryPersistence(),
    drainTimeout: DRAIN_MS_MAX,
  });
  if (store !== null) admission = new Admission(aedes, store);
  const counted = (online: boolean) => (client: { id: string }) => {
    report.set('brokerClients', aedes.connectedClients);
    const session = store?.sessions.find(client.id);
    if (session !== undefined) store?.sessions.touch(session, online);
  };
  aedes.on('client', counted(true));
  aedes.on('clientDisconnect', counted(false));
  aedes.on('unsubscribe', (filters, client) => {
    for (const filter of filters) granted.get(client)?.delete(filter);
  });
  return aedes;
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
