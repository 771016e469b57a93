import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { orderOf } from '../../../protocols/gossip/order.ts';

const orders = suite('gossip: order');

orders('every order is a permutation, and knows its inverse', () => {
  for (let count = 1; count < 130; count++) {
    for (const cycle of [0, 4, 8, 12]) {
      const order = orderOf(cycle, 1, count);
      const places = new Set(Array.from({ length: count }, (_, index) => order.placeOf(index)));
      assert.is(places.size, count, `${count}`);
      for (let index = 0; index < count; index++) assert.is(order.indexAt(order.placeOf(index)), index, `${count}`);
    }
  }
});

orders('the extras of one order are not the extras of the next', () => {
  const extras = (cycle: number): readonly number[] => {
    const order = orderOf(cycle, 1, 50);
    return Array.from({ length: 18 }, (_, i) => order.indexAt(32 + i));
  };
  const always = extras(0).filter((index) => [4, 8, 12].every((cycle) => extras(cycle).includes(index)));
  assert.ok(always.length < 3, `${always}`);
});

orders('an order lasts four turns of all lanes', () => {
  const place = (cycle: number): number => orderOf(cycle, 3, 50).placeOf(7);
  assert.is(place(11), 7);
  assert.not.equal(place(12), 7);
  assert.is(place(48), 7);
});
orders.run();
