// `npm run fuzz -- [--seed N] [--seconds S] [--count N] [--from N] [--json]`: hostile models against the engine.
import { parseArgs } from 'node:util';
import { type Fault, faultNames } from './faults.ts';
import { fuzz } from './fuzz.ts';

const COUNT_DEFAULT = 20_000;
/** More would be the same one over and over. */
const FINDINGS_MAX = 20;
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string' },
    count: { type: 'string' },
    from: { type: 'string', default: '0' },
    fault: { type: 'string', default: 'none' },
    json: { type: 'boolean', default: false },
  },
});

const whole = (name: string, text: string): number => {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  process.stderr.write(`--${name} takes a whole number, not ${text}\n`);
  return process.exit(2);
};

const fault = values.fault as Fault;
if (!faultNames.includes(fault)) {
  process.stderr.write(`--fault takes one of ${faultNames.join(', ')}\n`);
  process.exit(2);
}
const secondsMax = values.seconds === undefined ? Infinity : whole('seconds', values.seconds);
const countDefault = values.seconds === undefined ? COUNT_DEFAULT : Number.MAX_SAFE_INTEGER;
const count = values.count === undefined ? countDefault : whole('count', values.count);
const seed = whole('seed', values.seed);
const report = await fuzz({
  seed,
  from: whole('from', values.from),
  count,
  secondsMax,
  findingsMax: FINDINGS_MAX,
  fault,
});

const outcomes = [...report.outcomes].sort(([a], [b]) => a.localeCompare(b));
if (values.json) {
  console.log(JSON.stringify({ ...report, outcomes: Object.fromEntries(outcomes) }));
} else {
  for (const { mutant, what, why, replay } of report.findings) {
    console.log(`FINDING ${mutant}: ${why}\n  ${what}\n  ${replay}`);
  }
  const counts = outcomes.map(([outcome, times]) => `${times} ${outcome}`).join(', ');
  console.log(`${report.mutants} mutants of seed ${seed}: ${counts}; ${report.findings.length} findings`);
}
process.exitCode = report.findings.length > 0 ? 1 : 0;
