import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ringOf, ringsOf, type SiteMember } from '../../../protocols/gossip/sites.ts';
import { runSitesWorld } from '../../../tools/mesh/sites-world.ts';

const member = (name: string, site: string, ...bridges: string[]): SiteMember => ({ name, site, bridges });
/** North (8), middle (5), south (3); two bridges from north to middle, one from south to middle. */
const FLEET = [
  ...Array.from({ length: 8 }, (_, i) => member(`n${i}`, 'north', ...(i < 2 ? ['middle'] : []))),
  ...Array.from({ length: 5 }, (_, i) => member(`m${i}`, 'middle')),
  ...Array.from({ length: 3 }, (_, i) => member(`s${i}`, 'south', ...(i === 2 ? ['middle'] : []))),
];
const PACE = { pace: 3 };

const sites = suite('sites and bridges');

sites('inside cycles every site averages by itself, sorted by name', () => {
  const rings = ringsOf(FLEET, 0, PACE);
  assert.equal(
    rings.map(({ kind }) => kind),
    ['site', 'site', 'site'],
  );
  assert.equal(ringOf(FLEET, 's1', 0, PACE)?.members, ['s0', 's1', 's2']);
});

sites('only every fourth cycle goes between sites, and only over members who share a broker', () => {
  for (let cycle = 0; cycle < 80; cycle++) {
    const rings = ringsOf(FLEET, cycle, PACE);
    assert.is(
      rings.every(({ kind }) => kind === 'bridges'),
      cycle % 4 === 3,
    );
    const all = rings.flatMap(({ members }) => members);
    assert.is(new Set(all).size, all.length, 'nobody in two rings');
    if (cycle % 4 !== 3) continue;
    for (const { members } of rings) {
      const [a, b] = members.map((name) => FLEET.find((each) => each.name === name)!);
      assert.not(a!.site === b!.site);
      assert.ok(a!.bridges.includes(b!.site) || b!.bridges.includes(a!.site));
    }
  }
});

sites('nobody is in two rings, also where bridges of both sites meet', () => {
  const all = ['a', 'b', 'c', 'd', 'e', 'f'].map((name, i) => member(name, i < 3 ? 'x' : 'y', i < 3 ? 'y' : 'x'));
  for (let cycle = 3; cycle < 100; cycle += 4) {
    const names = ringsOf(all, cycle, PACE).flatMap(({ members }) => members);
    assert.is(new Set(names).size, names.length);
  }
});

sites('every connection of sites has its turn, and so has every bridge', () => {
  const met = new Set<string>();
  for (let cycle = 3; cycle < 400; cycle += 4)
    for (const { members } of ringsOf(FLEET, cycle, PACE)) met.add(members.join());
  const names = new Set([...met].flatMap((pair) => pair.split(',')));
  for (const bridge of ['n0', 'n1', 's2', 'm0', 'm4']) assert.ok(names.has(bridge), bridge);
});

sites('the fleet approaches its common mean geometrically, sites of unlike size and a chain in between', () => {
  const { spread, error } = runSitesWorld(FLEET, 240, PACE, 1);
  assert.ok(error < 0.02 * spread[0]!, `${error} of ${spread[0]}`);
  for (let at = 40; at + 80 < spread.length; at += 40) {
    assert.ok(spread[at + 80]! < 0.6 * spread[at]!, `cycle ${at}: ${spread[at]} then ${spread[at + 80]}`);
  }
});

sites('without one of two bridges it still does; without all a site stays by itself', () => {
  const oneLess = FLEET.filter(({ name }) => name !== 'n0');
  const { spread, error: left } = runSitesWorld(oneLess, 240, PACE, 1);
  assert.ok(left < 0.05 * spread[0]!, `${left} of ${spread[0]}`);
  const cutOff = FLEET.map((each) => (each.site === 'south' ? { ...each, bridges: [] } : each));
  const { error } = runSitesWorld(cutOff, 240, PACE, 1);
  assert.ok(error > 0.5, `${error}`);
});

sites('a single site is a plain mesh that rests while others would talk', () => {
  const alone = FLEET.slice(0, 8);
  assert.is(ringsOf(alone, 0, PACE).length, 1);
  assert.is(ringsOf(alone, 3, PACE).length, 0);
});

sites.run();
