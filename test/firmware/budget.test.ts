import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BOARD_NAMES, boardProfile } from '../../boards/registry.ts';
import { budgetOf, inMib, partsText, requireBudget, type Sizes, sumOf } from '../../firmware/budget.ts';
import { planCompute } from '../../firmware/compute-plan.ts';
import { brokerLimits } from '../../firmware/configuration/broker-limits.ts';
import { demoConfiguration } from '../../firmware/demo/configuration.ts';
import { NodeError } from '../../firmware/errors.ts';
import { createRing, ringBytes } from '../../kernels/ring.ts';
import { demoModelPath } from '../support/machine-recording.ts';

const budget = suite('budget of a board');

const MIB = 1024 * 1024;

const sizes = (change: Partial<Sizes> = {}): Sizes => ({
  ...{ board: boardProfile('rpi4'), modelBytes: 100_000, ringBytes: MIB, workerHeapBytes: 98 * MIB },
  ...{ features: 128, experts: 3, classes: 6, broker: brokerLimits('rpi4'), ...change },
});

budget('every board carries the demonstration, and the plan says what it takes', () => {
  const model = readFileSync(demoModelPath);
  for (const board of BOARD_NAMES) {
    const plan = planCompute({ ...demoConfiguration, board }, model, assert.unreachable);
    assert.ok(sumOf(plan.budget.memory) <= boardProfile(board).memoryBytesMax, board);
    assert.ok(sumOf(plan.budget.store) <= boardProfile(board).storeBytesMax, board);
  }
});

budget('what does not fit is refused before anything is allocated, with its parts, the largest first', () => {
  const little = { ...boardProfile('rpi4'), memoryBytesMax: 300 * MIB };
  const tooMany = budgetOf(sizes({ features: 16_384, board: little }));
  assert.throws(
    () => requireBudget(tooMany, 'mine'),
    (error: Error) =>
      error instanceof NodeError &&
      error.code === 'overBudget' &&
      /^\d+ MiB of memory are needed .* board "mine" has 300 MiB: worker heap 98 MiB, program 96 MiB, /.test(
        error.message,
      ),
  );
  const small = { ...boardProfile('rpi4'), storeBytesMax: 100 * MIB };
  assert.throws(() => requireBudget(budgetOf(sizes({ board: small })), 'mine'), /storage .* "mine" .* outbox 128 MiB/);
  requireBudget(budgetOf(sizes()), 'rpi4');
});

budget('windows that wait for their label count with all their features, a replay buffer with its bound', () => {
  const [few, many] = [budgetOf(sizes({ features: 300 })), budgetOf(sizes({ features: 301 }))];
  const { pendingWindows, replayBytesMax } = boardProfile('rpi4');
  assert.is(sumOf(many.memory) - sumOf(few.memory), 4 * pendingWindows);
  assert.is(many.memory.find(({ name }) => name === 'replay')!.bytes, replayBytesMax);
  const linearBytes = (features: number): number =>
    budgetOf(sizes({ features, classes: 6 })).memory.find(({ name }) => name === 'linear expert')!.bytes;
  assert.equal([linearBytes(128), linearBytes(257)], [8 * ((135 * 136) / 2 + 6 * 135), 0]);
});

budget('the broker counts where it is embedded, each connection with what it may leave unread', () => {
  const [ours, theirs] = [budgetOf(sizes()), budgetOf(sizes({ broker: null }))];
  assert.is(sumOf(ours.memory) - sumOf(theirs.memory), (16 + 4 + 64) * MIB);
  const few = budgetOf(sizes({ broker: brokerLimits('rpi4', { connections: 1 }) }));
  assert.is(sumOf(ours.memory) - sumOf(few.memory), 63 * MIB);
});

budget('the ring takes what it said it would', () => {
  for (const [rows, channels] of [
    [2, 1],
    [1_000, 3],
    [8_192, 2],
  ] as const) {
    assert.is(createRing({ rows, channels, windowRows: 1 }).shared.byteLength, ringBytes(rows, channels));
  }
});

budget('sizes as a person reads them', () => {
  assert.is(inMib(96 * MIB), '96 MiB');
  assert.is(inMib(0.26 * MIB), '0.3 MiB');
  assert.is(
    partsText([
      { name: 'a', bytes: MIB },
      { name: 'b', bytes: 20 * MIB },
    ]),
    'b 20 MiB, a 1.0 MiB',
  );
});

budget.run();
