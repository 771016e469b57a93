import type { Gossip } from './gossip.ts';
import { GOSSIP_LIMITS } from './limits.ts';
import type { Mass } from './mass.ts';

const { grainsPerUnit, weightMin } = GOSSIP_LIMITS;

/**
 * Couples the machines of a bridge: a gateway that is a member of several sites, with a machine in each. Every lane's
 * masses are levelled: each machine has an equal part of their weight then, and all have one estimate. That is a round
 * of push-sum (Kempe, Dobra, Gehrke 2003, §2.1) among the machines of one gateway: nothing is sent, nothing can be lost
 * on the way, and no site hears the name of another. Σs and Σw over all sites stay.
 *
 * Call it when a machine has mixed, and while one of them has no mass yet (`isWaiting`).
 *
 * @param machines of one lineage, the own site's first
 * @throws RangeError when they are of other lanes: our fault
 */
export function levelMachines(machines: readonly Gossip[]): void {
  const all = machines.map(({ holdings }) => holdings.masses);
  const lanes = all[0]?.length ?? 0;
  if (all.some(({ length }) => length !== lanes)) throw new RangeError('machines of other lanes');
  for (let lane = 0; lane < lanes; lane++) levelMasses(all.map((masses) => masses[lane]!));
}

/** Whether a machine waits for its first mass: another one may have some, and then it need not ask its site for it. */
export function isWaiting(machines: readonly Gossip[]): boolean {
  return machines.some(({ holdings }) => holdings.unseasoned().length > 0);
}

/**
 * Divides the weight of some masses of one lane evenly, at their common estimate. Grains are whole: the first ones have
 * one more where it does not come out even.
 *
 * A mass that has had none yet takes part, so that a new site begins with what the others know and not with the model
 * as it was shipped. It brings no weight along, and is left out while its part would be too thin to be passed on.
 */
export function levelMasses(masses: readonly Mass[]): void {
  const seasoned = masses.filter((mass) => mass.seasoned);
  const grains = seasoned.reduce((sum, mass) => sum + mass.grains, 0);
  const isThin = grains < masses.length * weightMin * grainsPerUnit;
  const level = isThin ? seasoned : masses;
  if (level.length < 2 || grains < level.length) return;
  const shares = level.map((_, i) => Math.floor((grains + level.length - 1 - i) / level.length));
  divideSums(level, shares, grains);
  for (const [i, mass] of level.entries()) {
    mass.grains = shares[i]!;
    mass.seasoned = true;
  }
}

/** What rounding makes of the parts stays with the first, so that their sum is what it was. */
function divideSums(masses: readonly Mass[], shares: readonly number[], grains: number): void {
  const [first, ...others] = masses.map(({ sum }) => sum);
  for (let d = 0; d < first!.length; d++) {
    const total = others.reduce((sum, values) => sum + values[d]!, first![d]!);
    let left = total;
    for (const [i, values] of others.entries()) {
      values[d] = total * (shares[i + 1]! / grains);
      left -= values[d]!;
    }
    first![d] = left;
  }
}
