import { createServer, type Server, type Socket } from 'node:net';
import { Aedes, type AedesPublishPacket, type Client } from 'aedes';
import { errorCode, errorMessage, NodeError } from '../errors.ts';
import { PacketGuard } from '../machines/packet-guard.ts';

/** Connections to the embedded broker: a site's gateways and a few operators; beyond that use a broker made for it. */
const CONNECTIONS_MAX = 256;
/** Four times the largest message of ours, for whoever else uses the broker. */
const PACKET_BYTES_MAX = 256 * 1024;
/** What may wait for a subscriber that reads slowly; about 2 s of a site's decisions. */
const BEHIND_BYTES_MAX = 512 * 1024;
/** Above BEHIND_BYTES_MAX by more than a packet, so that aedes never waits for a socket to drain. */
const SOCKET_BUFFER_BYTES = 1024 * 1024;
/** Should it wait after all, then no longer than this before the client is cut. */
const DRAIN_MS_MAX = 5_000;

export interface Broker {
  readonly url: string;
  readonly port: number;
  /** Disconnects every client and frees the port. */
  close(): Promise<void>;
}

/**
 * The embedded MQTT 3.1.1 broker. It listens on this machine alone unless `host` says otherwise, as it checks nobody's
 * identity.
 *
 * @param options.port TCP port, 0 lets the system choose
 * @throws NodeError `portInUse`, `portForbidden`, `brokerStart`
 */
export async function startBroker(options: { host?: string; port: number }): Promise<Broker> {
  const host = options.host ?? '127.0.0.1';
  const aedes = new Aedes({ maxClientsIdLength: 128, drainTimeout: DRAIN_MS_MAX, authorizeForward: sparing });
  await aedes.listen();
  // Without noDelay a small answer waits up to 40 ms for the acknowledgement of the one before it (RFC 896, RFC 1122).
  const settings = { highWaterMark: SOCKET_BUFFER_BYTES, noDelay: true };
  const server = createServer(settings, (socket) => aedes.handle(guarded(socket)));
  server.maxConnections = CONNECTIONS_MAX;
  const closeBroker = () => new Promise<void>((resolve) => aedes.close(() => resolve()));
  try {
    await listen(server, host, options.port);
  } catch (error) {
    await closeBroker();
    throw explained(host, options.port, error);
  }
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

/**
 * One subscriber that stops reading would hold up every other one: aedes waits for its socket. So it gets no more than
 * it can take: QoS 0 messages pass it by, and for one that must not be lost it is cut, to come back with a new session.
 */
function sparing(client: Client, packet: AedesPublishPacket): AedesPublishPacket | null {
  if (client.conn.writableLength <= BEHIND_BYTES_MAX) return packet;
  if (packet.qos > 0) client.conn.destroy();
  return null;
}

/** Cuts a connection that announces a packet too large, before the parser collects it. */
function guarded(socket: Socket): Socket {
  const guard = new PacketGuard(PACKET_BYTES_MAX);
  const read = socket.read.bind(socket);
  socket.read = (size?: number) => {
    const chunk: Buffer | null = read(size);
    if (chunk === null || guard.accepts(chunk)) return chunk;
    socket.destroy();
    return null;
  };
  return socket;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
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
