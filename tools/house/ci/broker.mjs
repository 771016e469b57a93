// The embedded broker: killed more often than `npm test` does, and beside bare aedes.
import { againstBare, durable, frozenSubscriber } from '../bench/broker.mjs';
import { require, run } from './support.mjs';

const KILLS = 150;

/** Half of the 300 moments; the other half is of node and store. */
export const brokerKills = () => {
  const env = { MYRMEX_KILLS: String(KILLS), NO_COLOR: '1' };
  const output = run(process.execPath, ['--import', 'tsx', 'test/firmware/broker-kill.test.ts'], { env, minutes: 5 });
  return output.match(/\d+ kills, \d+ messages acknowledged, none lost/)[0];
};

/** Wide margins: the figures are docs/broker.md's, this finds what is broken. */
export const brokerSpeed = async () => {
  const perSecond = await durable(3, 500);
  const { ratio } = await againstBare(3, 1);
  const { shift } = await frozenSubscriber(3, 400);
  require(perSecond >= 2_500, `only ${perSecond} durable messages a second`);
  require(ratio >= 0.75, `${ratio} of bare aedes`);
  require(shift <= 0.5, `a frozen subscriber moves the others' p99 by ${shift * 100} %`);
  const percent = (shift * 100).toFixed(0);
  return `${Math.round(perSecond)} durable messages a second, ${ratio.toFixed(2)} of bare aedes, p99 ${percent} %`;
};
