// The embedded broker, killed more often than `npm test` does.
import { run } from './support.mjs';

const KILLS = 150;

export const brokerKills = () => {
  const env = { MYRMEX_KILLS: String(KILLS), NO_COLOR: '1' };
  const output = run(process.execPath, ['--import', 'tsx', 'test/firmware/broker-kill.test.ts'], { env, minutes: 15 });
  return output.match(/\d+ kills, \d+ messages acknowledged, none lost/)[0];
};
