import { deepEqual, equal, notEqual, ok } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import abstractPersistence, { type AbstractTest } from 'aedes-persistence/abstract.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openAt } from '../support/broker-store.ts';

const root = mkdtempSync(join(tmpdir(), 'myrmex-abstract-'));
let directories = 0;

const tests = suite('broker store: the suite that aedes-persistence exports for every implementation');

/** The suite speaks to node:test; this is as much of it. A test that runs fewer assertions than it plans has failed. */
const run = (name: string, body: (t: AbstractTest) => Promise<void>): void => {
  tests(name, async () => {
    let planned: number | null = null;
    let made = 0;
    const counted =
      <Args extends unknown[]>(check: (...args: Args) => void) =>
      (...args: Args) => {
        made += 1;
        check(...args);
      };
    await body({
      plan: (assertions) => {
        planned = assertions;
      },
      diagnostic: () => {},
      assert: {
        deepEqual: counted(deepEqual),
        equal: counted(equal),
        notEqual: counted(notEqual),
        ok: counted(ok),
      },
    });
    if (planned !== null) assert.is(made, planned, 'assertions');
  });
};

abstractPersistence({
  test: run,
  persistence: async () => (await openAt(join(root, String(directories++)))).persistence,
  testAsync: true,
});

tests.after(() => rmSync(root, { recursive: true, force: true }));
tests.run();
