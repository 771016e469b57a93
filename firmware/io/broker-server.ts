import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** From the first byte to the last of the handshake; who takes longer holds a connection for nothing. */
const HANDSHAKE_MS_MAX = 10_000;

/** PEM, as read from the files. */
export interface ServerCertificate {
  readonly cert: Uint8Array;
  readonly key: Uint8Array;
  /** Who has signed the certificates of those who are let in. */
  readonly ca: Uint8Array;
}

export interface ServerOptions {
  /** What may wait in a socket before a write is said to have filled it. */
  readonly bufferBytes: number;
  /** Null for plain TCP. */
  readonly certificate: ServerCertificate | null;
  readonly accept: (socket: Socket) => void;
  /** A handshake failed: no certificate, or one of somebody else. */
  readonly refused: (why: string) => void;
}

/** What the broker listens with: TCP, or TLS that lets nobody through without a certificate of the site's authority. */
export const createBrokerServer = ({ bufferBytes, certificate, accept, refused }: ServerOptions): Server => {
  // Without noDelay a small answer waits up to 40 ms for the acknowledgement of the one before it (RFC 896, RFC 1122).
  const settings = { highWaterMark: bufferBytes, noDelay: true };
  if (certificate === null) return createServer(settings, accept);
  const { cert, key, ca } = certificate;
  const server = createTlsServer(
    {
      ...{ ...settings, cert: Buffer.from(cert), key: Buffer.from(key), ca: Buffer.from(ca) },
      ...{ requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2', handshakeTimeout: HANDSHAKE_MS_MAX },
    },
    (socket) => accept(withBuffer(socket, bufferBytes)),
  );
  // OpenSSL's errors say where in its sources they come from, and the reason apart.
  server.on('tlsClientError', (error) => refused('reason' in error ? String(error.reason) : error.message));
  return server;
};

/** node:tls has no setting for how much may wait in a socket: its writes are told so here. */
const withBuffer = (socket: Socket, bufferBytes: number): Socket => {
  const write = socket.write.bind(socket) as (...given: unknown[]) => boolean;
  socket.write = (...given: unknown[]): boolean => write(...given) || socket.writableLength <= bufferBytes;
  return socket;
};
