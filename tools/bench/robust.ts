// `npm run bench:robust [-- SEEDS]`: learners with 20 % liars of each kind, by defence.
import { DEFENCE_NAMES, type DefenceName } from '../../protocols/robust/defence.ts';
import { ATTACK_NAMES, type AttackName } from '../mesh/attacks.ts';
import { runDefendedFleet } from '../mesh/defended-fleet.ts';

const SEEDS = Number(process.argv[2] ?? 3);
const FLEET = { nodes: 25, cycles: 120, spread: 0.5, orders: 4 } as const;

const meanOver = (figure: (seed: number) => number): string => {
  let sum = 0;
  for (let seed = 0; seed < SEEDS; seed++) sum += figure(seed);
  const mean = sum / SEEDS;
  return mean > 99 ? mean.toExponential(0) : mean.toFixed(3);
};

const loss = (defence: DefenceName, attack: AttackName, liars: number): string =>
  meanOver((seed) => runDefendedFleet({ ...FLEET, defence, attack, liars, seed })).padStart(9);

console.log(['defence'.padEnd(12), ...['no liars', ...ATTACK_NAMES].map((name) => name.padStart(9))].join(' '));
for (const defence of DEFENCE_NAMES) {
  const attacked = ATTACK_NAMES.map((attack) => loss(defence, attack, 5));
  console.log([defence.padEnd(12), loss(defence, 'alie', 0), ...attacked].join(' '));
}
