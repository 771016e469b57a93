import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorCode, errorMessage, NodeError } from '../errors.ts';
import { listen } from './listen.ts';

/** Scrapers and a browser or two; whoever comes beyond that is turned away. */
const CONNECTIONS_MAX = 16;
const HEADER_BYTES_MAX = 4_096;
const REQUEST_MS_MAX = 5_000;
/** For a client that says nothing, or does not read its answer. */
const IDLE_MS_MAX = 15_000;
/** How often slow requests are looked for; Node's own 30 s would let them live seven times as long. */
const CHECK_MS = 1_000;

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

export interface HttpServer {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A small read-only HTTP server: GET and HEAD of fixed paths. Hostile clients cost a bounded number of connections,
 * header bytes and seconds; bodies are not read.
 *
 * @param pages what to answer, by path
 * @param requestMsMax from the first byte of a request to its last
 * @throws NodeError `portInUse`, `listenFailed`
 */
export const serveHttp = async (
  { host, port }: { readonly host: string; readonly port: number },
  pages: Readonly<Record<string, () => Promise<Answer>>>,
  requestMsMax = REQUEST_MS_MAX,
): Promise<HttpServer> => {
  const limits = { maxHeaderSize: HEADER_BYTES_MAX, headersTimeout: requestMsMax, requestTimeout: requestMsMax };
  const server = createServer({ ...limits, connectionsCheckingInterval: CHECK_MS }, (request, response) => {
    answer(pages, request, response).catch((error: unknown) => {
      send(request, response, { status: 500, type: 'text/plain', text: `${errorMessage(error)}\n` });
    });
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.setTimeout(IDLE_MS_MAX);
  await listen(server, host, port).catch((cause: unknown) => {
    throw explained(host, port, cause);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    port: bound,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const answer = async (
  pages: Readonly<Record<string, () => Promise<Answer>>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const text = (status: number, words: string): void =>
    send(request, response, { status, type: 'text/plain', text: `${words}\n` });
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return text(405, 'only GET and HEAD');
  }
  const path = (request.url ?? '').split('?', 1)[0]!;
  if (!Object.hasOwn(pages, path)) return text(404, `there are ${Object.keys(pages).join(' and ')}`);
  send(request, response, await pages[path]!());
};

const send = (request: IncomingMessage, response: ServerResponse, { status, type, text }: Answer): void => {
  // A body that was announced is not read: the connection ends instead.
  if (request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined) {
    response.setHeader('Connection', 'close');
  }
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' });
  response.end(text);
};

const explained = (host: string, port: number, cause: unknown): NodeError => {
  const inUse = errorCode(cause) === 'EADDRINUSE';
  const message = inUse
    ? `port ${port} is in use, so metrics cannot be served there; free it or change /views/metrics/port`
    : `metrics cannot be served on ${host} port ${port}: ${errorMessage(cause)}; check /views/metrics`;
  return new NodeError(inUse ? 'portInUse' : 'listenFailed', message, { cause });
};
