import type { Server } from 'node:net';

/** Resolves when a server listens. Rejects with Node's own error: its caller knows what to say to a person. */
export const listen = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
