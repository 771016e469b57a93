import { GOSSIP_LIMITS } from './limits.ts';

const MODULUS = GOSSIP_LIMITS.cycleMax + 1;

/**
 * Cycle numbers run in a circle of 2^32 (serial number arithmetic, RFC 1982, §3.2): a member that claims an absurd one
 * drives the others on, as every later one does, and cannot bring them to where no number follows.
 *
 * @returns whether `cycle` comes after `other`: less than half the circle further on
 */
export function isAfter(cycle: number, other: number): boolean {
  const ahead = stepsFrom(other, cycle);
  return ahead > 0 && ahead < MODULUS / 2;
}

/** Cycles from one to the other, going forward, 0 … 2^32 - 1. */
export function stepsFrom(from: number, to: number): number {
  return (to - from + MODULUS) % MODULUS;
}

export function cycleAfter(cycle: number): number {
  return (cycle + 1) % MODULUS;
}
