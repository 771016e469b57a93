import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LearningDebt } from '../../firmware/pipeline/learning-debt.ts';
import { PendingWindows } from '../../firmware/pipeline/pending-windows.ts';

/** The slot of the next step, which is then paid. */
const payOf = (debt: LearningDebt): number => {
  const slot = debt.next;
  debt.pay();
  return slot;
};

const debts = suite('learning debt and pending windows');

debts('steps are paid label by label, in the order the labels came', () => {
  const debt = new LearningDebt(4, 2);
  assert.is(payOf(debt), -1);
  for (const slot of [7, 3]) debt.add(slot);
  assert.is(debt.owed, 4);
  const paid = [payOf(debt), payOf(debt), payOf(debt)];
  assert.equal(paid, [7, 7, 3]);
  assert.equal([debt.owed, debt.labelsOwed], [1, 1]);
  debt.add(9);
  assert.is(debt.owed, 3);
  assert.equal([payOf(debt), payOf(debt), payOf(debt), payOf(debt)], [3, 9, 9, -1]);
  assert.is(debt.owed, 0);
});

debts('a debt beyond its bound forgives the oldest label', () => {
  const debt = new LearningDebt(3, 4);
  for (let slot = 0; slot < 10; slot++) debt.add(slot);
  assert.equal([debt.owed, debt.labelsOwed, debt.dropped], [12, 3, 28]);
  assert.is(payOf(debt), 7);
});

debts('a pending window is found until its place in the ring is taken, whatever gaps the indices have', () => {
  const pending = new PendingWindows(4, 2, 1, 2);
  const add = (index: number): void =>
    pending.add(index, Float32Array.of(index, -index), Float32Array.of(0.25, 0.75), Int16Array.of(1), 1);
  for (const index of [0, 1, 5, 6]) add(index);
  assert.is(pending.find(1), -1, '5 took the place of 1');
  assert.is(pending.find(2), -1);
  for (const index of [0, 5, 6]) assert.is(pending.features(pending.find(index))[0], index);
  pending.setLabel(pending.find(6), 1);
  assert.is(pending.labelOf(pending.find(6)), 1);
  const far = 2 ** 40 + 2;
  add(far);
  assert.is(pending.find(6), -1);
  assert.is(pending.labelOf(pending.find(far)), -1, 'the label went with the window');
  for (const strange of [-1, 0.5, Number.NaN, 2 ** 54]) assert.is(pending.find(strange), -1);
});

debts.run();
