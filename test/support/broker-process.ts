// A process with nothing but the embedded broker: `broker-process.ts DIRECTORY PORT`. Says its port when it listens.
import { brokerLimits } from '../../firmware/configuration/broker-limits.ts';
import { startBroker } from '../../firmware/io/broker.ts';

/** So wide that nothing is given up by a bound. */
const limits = {
  ...brokerLimits('pc'),
  ...{ queueMessages: 1_000_000, queueBytes: 2 ** 30, storedBytes: 2 ** 30 },
};

const [directory = '', port = '0'] = process.argv.slice(2);
startBroker({ directory, limits, port: Number(port), notice: (text) => process.stderr.write(`${text}\n`) }).then(
  (broker) => process.stdout.write(`${broker.port}\n`),
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  },
);
