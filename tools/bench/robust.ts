// `npm run bench:robust [-- SEEDS]`: learners with 20 % liars of each kind, by defence and by what it may look at.
import { DEFENCE_NAMES, type DefenceName } from '../../protocols/robust/defence.ts';
import { ATTACK_NAMES, type AttackName } from '../mesh/attacks.ts';
import { type DefendedOutcome, runDefendedFleet, TRUST_KINDS } from '../mesh/defended-fleet.ts';

const SEEDS = Number(process.argv[2] ?? 3);
const FLEET = { nodes: 25, cycles: 120, orders: 4 } as const;
const COLUMNS: readonly (readonly [title: string, attack: AttackName, liars: number])[] = [
  ['no liars', 'alie', 0],
  ...ATTACK_NAMES.map((name) => [name, name, 5] as const),
];

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const digits = (value: number): string => (value > 99 ? value.toExponential(0) : value.toFixed(4));
const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;

/** A line of the table: the same fleet without and with each kind of liars, over all seeds. */
const line = (title: string, print: (outcomes: readonly DefendedOutcome[]) => string, settings: Settings): void => {
  const cells = COLUMNS.map(([, attack, liars]) =>
    print(Array.from({ length: SEEDS }, (_, seed) => runDefendedFleet({ ...FLEET, ...settings, attack, liars, seed }))),
  );
  console.log([title.padEnd(22), ...cells.map((cell) => cell.padStart(15))].join(' '));
};

interface Settings {
  readonly defence: DefenceName;
  readonly trust: (typeof TRUST_KINDS)[number];
  readonly spread: number;
}

const lossOf = (outcomes: readonly DefendedOutcome[]): string => digits(meanOf(outcomes.map(({ loss }) => loss)));
const quarantineOf = (outcomes: readonly DefendedOutcome[]): string => {
  const share = (of: (outcome: DefendedOutcome) => number): string => percent(meanOf(outcomes.map(of)));
  return `${share((o) => o.honestQuarantined)}, ${share((o) => o.liarsQuarantined)}`;
};

console.log(['loss'.padEnd(22), ...COLUMNS.map(([title]) => title.padStart(15))].join(' '));
line('none', lossOf, { defence: 'none', trust: 'rule', spread: 0.5 });
for (const trust of TRUST_KINDS) {
  for (const defence of DEFENCE_NAMES.filter((name) => name !== 'none')) {
    line(`${defence}, ${trust}`, lossOf, { defence, trust, spread: 0.5 });
  }
}
console.log('\npairs in quarantine: honest peers, liars');
for (const spread of [0.2, 0.5, 1, 2, 5]) {
  line(`clip, spread ${spread}`, quarantineOf, { defence: 'clip', trust: 'judge', spread });
}
console.log('\nprivacy, clip, no liars, 120 updates at δ = 1e-5: ε and loss');
for (const noiseMultiplier of [0.1, 0.3, 1, 3, 10]) {
  const privacy = { clipNorm: 1, noiseMultiplier, delta: 1e-5, epsilonMax: Number.POSITIVE_INFINITY };
  const settings = { defence: 'clip', trust: 'judge', spread: 0.5, attack: 'alie', liars: 0, seed: 0 } as const;
  const { epsilon, loss } = runDefendedFleet({ ...FLEET, ...settings, privacy });
  console.log(`noise ${String(noiseMultiplier).padEnd(3)} ε ${epsilon.toFixed(2).padStart(6)}   loss ${digits(loss)}`);
}
