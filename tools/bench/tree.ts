// `npm run bench:tree`: one publishes to many, over relays that die, lose and lag; in virtual time.
import type { SiteMember } from '../../protocols/gossip/sites.ts';
import { runSitesWorld } from '../mesh/sites-world.ts';
import { runTreeWorld } from '../mesh/tree-world.ts';

const CASES = [
  { members: 64, publications: 8, loss: 0, dead: 0, slow: 0 },
  { members: 256, publications: 8, loss: 0, dead: 0, slow: 0 },
  { members: 256, publications: 8, loss: 0.2, dead: 0, slow: 0 },
  { members: 256, publications: 8, loss: 0, dead: 0.1, slow: 0 },
  { members: 256, publications: 8, loss: 0.2, dead: 0.1, slow: 0 },
  { members: 64, publications: 60, loss: 0, dead: 0, slow: 0.3 },
] as const;

for (const settings of CASES) {
  const { delivered, twice, depth, gives, meanMs, completed } = runTreeWorld({ ...settings, seed: 1 });
  const { members, publications, loss, dead, slow } = settings;
  const head = `${members} members, loss ${loss}, dead ${dead}, slow ${slow}:`.padEnd(48);
  const reached = `delivered ${(100 * delivered).toFixed(2)} %, twice ${twice}, complete ${completed}/${publications}`;
  const cost = `depth ${depth}, ${gives.toFixed(3)} messages a member`;
  console.log(`${head}${reached}, ${cost}, mean ${meanMs.map((ms) => ms.toFixed(0)).join(' then ')} ms`);
}

/** Sites in a chain, each connected to the next by two bridges. */
const chain = (sites: number, size: number): readonly SiteMember[] =>
  Array.from({ length: sites * size }, (_, i) => {
    const site = Math.floor(i / size);
    const isBridge = i % size < 2 && site + 1 < sites;
    return { name: `node-${i}`, site: `site-${site}`, bridges: isBridge ? [`site-${site + 1}`] : [] };
  });

for (const pace of [1, 3]) {
  const { spread, error, messages } = runSitesWorld(chain(4, 16), 60, { pace }, 1);
  const course = [0, 10, 20, 40, 60].map((cycle) => spread[cycle]!.toPrecision(2)).join(', ');
  const cost = `${messages.site} messages inside, ${messages.bridges} between`;
  console.log(`4 sites of 16 in a chain, pace ${pace}: spread ${course}; error ${error.toPrecision(2)}; ${cost}`);
}
