// A broker for `npm run bench:broker`: `broker-server.mjs bare`, or `broker-server.mjs ours DIRECTORY`; run with tsx.
// Says its port when it listens.
import { createServer } from 'node:net';
import { Aedes } from 'aedes';
import { startBroker } from '../../../firmware/io/broker.ts';

const [kind, directory] = process.argv.slice(2);

/** aedes as it comes, with its memory persistence; noDelay as ours, or it would be measured with delayed ACKs. */
const startBare = async () => {
  const aedes = await Aedes.createBroker();
  const server = createServer({ noDelay: true }, (socket) => aedes.handle(socket));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server.address().port;
};

const port = kind === 'bare' ? await startBare() : (await startBroker({ directory, port: 0 })).port;
console.log(port);
