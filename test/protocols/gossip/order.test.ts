import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { orderOf } from '../../../protocols/gossip/order.ts';
import { stepsOf } from '../../../protocols/gossip/schedule.ts';

const ORDERS = 4;
/** Cycles of all orders. */
const CYCLES = 16;

const orders = suite('orders of the members');

orders('each is a permutation, and indexOf undoes placeOf', () => {
  for (const count of [1, 2, 3, 4, 5, 16, 17, 24, 25, 100, 257, 1024]) {
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const order = orderOf(cycle, count, ORDERS);
      const places = Array.from({ length: count }, (_, index) => order.placeOf(index));
      assert.is(new Set(places).size, count, `${count} members, cycle ${cycle}`);
      assert.ok(places.every((place, index) => place >= 0 && place < count && order.indexOf(place) === index));
    }
  }
});

orders('one order is the sorted list for ever', () => {
  for (let cycle = 0; cycle < CYCLES; cycle++) assert.is(orderOf(cycle, 10, 1).placeOf(7), 7);
});

orders('four orders bring a node together with about four times as many others', () => {
  const partnersOf = (index: number, count: number): number => {
    const met = new Set<number>();
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const order = orderOf(cycle, count, ORDERS);
      for (const { peer } of stepsOf(count, order.placeOf(index))) met.add(order.indexOf(peer));
    }
    return met.size;
  };
  for (const [count, least] of [
    [64, 16],
    [1024, 35],
  ] as const) {
    for (let index = 0; index < count; index++) assert.ok(partnersOf(index, count) >= least, `${index} of ${count}`);
  }
});

orders.run();
