import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { faultNames } from '../fuzz/faults.ts';
import { fuzz } from '../fuzz/fuzz.ts';
import { rounds } from '../support/rounds.ts';

const fuzzing = suite('fuzzed models');
const MUTANTS = rounds(250, 500);
const base = { seed: 1, from: 0, secondsMax: 100, findingsMax: 1, fault: 'none' } as const;

fuzzing(`${MUTANTS} mutants run, or are refused with a code`, async () => {
  const { mutants, outcomes, findings } = await fuzz({ ...base, count: MUTANTS });
  assert.equal(findings, []);
  assert.is(mutants, MUTANTS);
  const share = (outcome: string): number => (outcomes.get(outcome) ?? 0) / MUTANTS;
  // Mutants that are all refused at the door test nothing behind it.
  assert.ok(share('accepted') > 0.05 && share('malformedModel') > 0.2, `${[...outcomes]}`);
  assert.ok(share('unsupportedOperator') > 0.05 && outcomes.has('modelTooLarge'), `${[...outcomes]}`);
});

const SYMPTOMS: Readonly<Record<string, RegExp>> = {
  hang: /^does not end within 1000 ms$/,
  typeError: /^an accepted model fails when it runs: TypeError/,
  crash: /^ended the process with SIGSEGV/,
  hoard: /^took \d+ bytes outside of the engine/,
  differs: /^output 0 differs between two engines$/,
  rangeError: /^neither accepted nor refused: RangeError/,
};

for (const fault of faultNames.filter((name) => name !== 'none')) {
  fuzzing(`an operator with the fault ${fault} is found, with the command that plays it again`, async () => {
    const first = (await fuzz({ ...base, count: MUTANTS, fault })).findings[0]!;
    assert.match(first.why, SYMPTOMS[fault]!);
    assert.is(first.replay, `npm run fuzz -- --seed 1 --from ${first.mutant} --count 1 --fault ${fault}`);
    const [again] = (await fuzz({ ...base, from: first.mutant, count: 1, fault })).findings;
    assert.is(again!.what, first.what);
    assert.match(again!.why, SYMPTOMS[fault]!);
  });
}

fuzzing.run();
