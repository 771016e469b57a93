import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { Aedes, type AedesOptions } from 'aedes';
import { createWebSocketStream, WebSocketServer } from 'ws';

export interface TestBroker {
  readonly port: number;
  readonly aedes: Aedes;
  close(): Promise<void>;
}

export const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

/** aedes as somebody else would run it: with or without TLS, or behind WebSockets. */
export const startAedes = async (options: {
  readonly aedes?: AedesOptions;
  readonly tls?: TlsOptions;
  readonly webSocket?: boolean;
  /** 0, the default, lets the system choose. */
  readonly port?: number;
}): Promise<TestBroker> => {
  const aedes = await Aedes.createBroker(options.aedes ?? {});
  const sockets = new Set<Socket>();
  const handle = (socket: Socket): void => void aedes.handle(socket);
  const server: Server = options.webSocket
    ? createHttpServer()
    : options.tls === undefined
      ? createServer(handle)
      : createTlsServer(options.tls, handle);
  if (options.webSocket) {
    const upgrades = new WebSocketServer({ server: server as ReturnType<typeof createHttpServer>, path: '/mqtt' });
    upgrades.on('connection', (socket, request) => void aedes.handle(createWebSocketStream(socket), request));
  }
  // A refused handshake is what some tests are about.
  server.on('tlsClientError', () => {});
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  return {
    aedes,
    port: portOf(server),
    close: async () => {
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};

/** A TCP server that does with a connection what the test says. */
export const startStub = async (
  handle: (socket: Socket) => void,
): Promise<{ port: number; close(): Promise<void> }> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    handle(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};

/** A way to a broker that can be cut, closed and clogged. */
export interface Relay {
  readonly port: number;
  /** `pass` forwards, `refuse` closes every new connection at once, `hang` takes it and forwards nothing. */
  mode: 'pass' | 'refuse' | 'hang';
  /** Cuts every connection in the middle of whatever it was doing. */
  reset(): void;
  close(): Promise<void>;
}

export const startRelay = async (brokerPort: number): Promise<Relay> => {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  };
  const server = createServer((inner) => {
    keep(inner);
    if (relay.mode === 'refuse') inner.resetAndDestroy();
    if (relay.mode !== 'pass') return;
    const outer = connectTcp(brokerPort, '127.0.0.1');
    keep(outer);
    inner.pipe(outer).pipe(inner);
    inner.once('close', () => outer.destroy());
    outer.once('close', () => inner.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const relay: Relay = {
    port: portOf(server),
    mode: 'pass',
    reset: cut,
    close: async () => {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
  return relay;
};
