// `npm run bench:tree`: one publishes to many, over relays that die, lose and lag; in virtual time.
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
