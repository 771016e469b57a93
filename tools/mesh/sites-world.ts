import { createRandom } from '../../kernels/random.ts';
import { stepsOf } from '../../protocols/gossip/schedule.ts';
import { ringsOf, type SiteMember, type SitesOptions } from '../../protocols/gossip/sites.ts';

export interface SitesOutcome {
  /** Standard deviation of all estimates at the start and after each cycle. */
  readonly spread: readonly number[];
  /** Largest difference of an estimate from the mean of all at the start. */
  readonly error: number;
  /** Messages inside sites and between them, one per push. */
  readonly messages: { readonly site: number; readonly bridges: number };
}

/** Members with a number each, drawn anew for each site, that average in rings of sites; nothing is lost. */
export function runSitesWorld(
  members: readonly SiteMember[],
  cycles: number,
  options: SitesOptions,
  seed: number,
): SitesOutcome {
  const random = createRandom(seed, 'sites');
  const bySite = new Map(members.map(({ site }) => [site, 3 * random.normal()]));
  const masses = new Map(
    members.map(({ name, site }) => [name, { sum: bySite.get(site)! + random.normal(), weight: 1 }]),
  );
  const goal = [...masses.values()].reduce((total, { sum }) => total + sum, 0) / masses.size;
  const estimates = (): number[] => [...masses.values()].map(({ sum, weight }) => sum / weight);
  const spreadNow = (): number =>
    Math.sqrt(estimates().reduce((total, estimate) => total + (estimate - goal) ** 2, 0) / masses.size);
  const spread = [spreadNow()];
  const messages = { site: 0, bridges: 0 };
  for (let cycle = 0; cycle < cycles; cycle++) {
    for (const ring of ringsOf(members, cycle, options)) {
      messages[ring.kind] += average(ring.members.map((name) => masses.get(name)!));
    }
    spread.push(spreadNow());
  }
  const error = estimates().reduce((most, estimate) => Math.max(most, Math.abs(estimate - goal)), 0);
  return { spread, error, messages };
}

/** One cycle of fold, double, unfold over a ring, in step. @returns messages */
function average(ring: readonly { sum: number; weight: number }[]): number {
  const steps = ring.flatMap((_, index) => stepsOf(ring.length, index).map((step) => ({ ...step, index })));
  let messages = 0;
  for (const round of new Set(steps.map((step) => step.round).sort((a, b) => a - b))) {
    const pushes = steps
      .filter((step) => step.round === round && step.gives !== 'nothing')
      .map(({ index, peer, gives }) => {
        const share = gives === 'all' ? 1 : 0.5;
        return { index, peer, sum: share * ring[index]!.sum, weight: share * ring[index]!.weight };
      });
    messages += pushes.length;
    for (const { index, peer, sum, weight } of pushes) {
      ring[index]!.sum -= sum;
      ring[index]!.weight -= weight;
      ring[peer]!.sum += sum;
      ring[peer]!.weight += weight;
    }
  }
  return messages;
}
