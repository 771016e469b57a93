// Brokers of others, with the bundled node in processes of its own.
import { require, run } from './support.mjs';

const PACKAGES = ['mosquitto', 'openssl'];
const FILES = ['mosquitto', 'outbox-kill'];

/** Debian's Mosquitto: MQTT 3.1.1 and 5, killed, with passwords, the access list and client certificates. */
export const brokers = () => {
  const quietly = { env: { DEBIAN_FRONTEND: 'noninteractive' } };
  run('apt-get', ['update', '-qq'], quietly);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...PACKAGES], quietly);
  const env = { MYRMEX_TEST_MQTT: '4,5', NO_COLOR: '1' };
  const passed = FILES.map((name) => {
    const output = run(process.execPath, ['--import', 'tsx', `test/end-to-end/${name}.test.ts`], { env, minutes: 3 });
    require(!/^skipped:/m.test(output) && /Skipped: +0/.test(output), `${name}: something was skipped\n${output}`);
    return Number(output.match(/Passed: +(\d+)/)[1]);
  });
  return `${passed.reduce((sum, count) => sum + count, 0)} end-to-end tests with the bundled node`;
};
