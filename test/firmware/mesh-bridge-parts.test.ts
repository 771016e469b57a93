import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { faultsOfConfiguration } from '../../firmware/configuration.ts';
import { demoConfiguration } from '../../firmware/demo/configuration.ts';
import { withFleetFiles } from '../../firmware/io/fleet-folder.ts';
import { BridgeGauges, bridgeVitals } from '../../firmware/mesh/bridge-vitals.ts';
import { Guest } from '../../firmware/mesh/guest.ts';
import { LossBook } from '../../firmware/mesh/loss-book.ts';
import { Mixer } from '../../firmware/mesh/mixer.ts';
import { Seats } from '../../firmware/mesh/seats.ts';
import { createVitals } from '../../firmware/vitals.ts';
import { Gossip } from '../../protocols/gossip/gossip.ts';
import type { GossipEffect, GossipOptions } from '../../protocols/gossip/options.ts';
import type { GossipBody } from '../../protocols/messages/gossip.ts';
import { Learner } from '../support/mesh-node.ts';

const parts = suite('mesh: parts of a bridge');

const south = { site: 'south', broker: { url: 'mqtt://127.0.0.1:1884' } };

parts('a configuration names what is wrong with a bridge, where, and what to do', () => {
  const faultOf = (...bridges: readonly object[]): string =>
    faultsOfConfiguration({ ...demoConfiguration, mesh: { bridges } }).join('\n');
  assert.is(faultOf(south), '');
  assert.is(faultOf({ ...south, broker: { url: 'mqtts://hub.south' }, fleet: '/etc/myrmex/south' }), '');
  const site = demoConfiguration.site;
  assert.match(faultOf({ ...south, site }), new RegExp(`^/mesh/bridges/0/site is this node's own: .*"${site}"$`));
  assert.match(faultOf(south, south), /^\/mesh\/bridges\/1\/site is named twice.*"south"$/);
  assert.match(faultOf({ ...south, node: 'fleet' }), /^\/mesh\/bridges\/0\/node is the operator’s own name.*"fleet"$/);
  const beyond = { ...south, broker: { url: 'mqtts://hub.south' } };
  assert.match(faultOf(beyond), /^\/mesh\/bridges\/0\/fleet is missing: .*; it is absent$/);
  const [user, half] = [{ url: 'mqtts://me@hub.south' }, { url: 'mqtts://hub.south', certFile: 'c.pem' }];
  assert.match(
    faultOf({ ...south, broker: user }),
    /^\/mesh\/bridges\/0\/broker\/url has a user .*mqtts:\/\/\*\*\*@hub/,
  );
  assert.match(
    faultOf(south, { ...beyond, site: 'west', broker: half }),
    /^\/mesh\/bridges\/1\/broker\/certFile needs/,
  );
  assert.match(faultOf({ ...south, broker: { embedded: true, port: 0 } }), /\/mesh\/bridges\/0\/broker needs url/);
  const many = ['a', 'b', 'c', 'd'].map((name) => ({ ...south, site: name }));
  assert.match(faultOf(...many), /^\/mesh\/bridges must not have more than 3 items/);
  const star = { mesh: { bridges: [south], coordinator: 'hub' } };
  assert.match(faultsOfConfiguration({ ...demoConfiguration, ...star }).join(), /^\/mesh\/bridges are for a mesh/);
});

parts('the files of a fleet are shown where nothing else is said', () => {
  const url = 'mqtts://hub.south:8883';
  const files = { caFile: '/f/ca.pem', certFile: '/f/tls.pem', keyFile: '/f/tls.key' };
  assert.equal(withFleetFiles({ url }, '/f'), { url, ...files });
  for (const broker of [{ url, caFile: 'other.pem' }, { url, username: 'me' }, { url: 'mqtt://127.0.0.1' }]) {
    assert.equal(withFleetFiles(broker, '/f'), broker);
  }
  assert.equal(withFleetFiles({ url }, undefined), { url });
});

parts('what bridges count is added up, and each has troubles of its own', () => {
  const vitals = createVitals(() => {});
  const gauges = new BridgeGauges(vitals);
  const [one, two] = [bridgeVitals(vitals, gauges, 0, 'south'), bridgeVitals(vitals, gauges, 1, 'west')];
  vitals.count('meshCycles', 5);
  for (const bridge of [one, two]) {
    bridge.joined(true);
    bridge.count('meshCycles');
    bridge.count('meshSent', 2);
    bridge.set('meshPeers', 3);
    bridge.set('meshCycle', 77);
    bridge.trouble('broker', 'away');
  }
  two.joined(false);
  one.well('broker');
  const sums = { meshCycles: 5, meshBridges: 1, meshBridgeCycles: 2, meshSent: 4, meshBridgePeers: 6 };
  assert.equal(vitals.counters, sums);
  assert.equal(vitals.health, { brokerBridge2: 'site west: away' });
  two.trouble('mesh', 'held up');
  assert.is(vitals.health.mesh, 'held up');
  one.well('mesh');
  assert.is(two.health.mesh, undefined);
  assert.equal(one.counters, sums);
});

/** A bridge named `gate` between a peer in its own site and one in another; messages arrive at once. */
const createBridge = () => {
  const learner = new Learner();
  const [values, clock] = [new Float64Array(2), { now: 0 }];
  const lineage = learner.share.lineage;
  const common = { generation: 1, lineage, parts: learner.share.parts, precision: 'float64' } as const;
  const machineOf = (self: string, entry: GossipOptions['entry']): Gossip => {
    const gossip = new Gossip({ ...common, values: values.slice(), self, entry });
    gossip.members([self, self === 'gate' ? 'peer' : 'gate'].sort().map(memberOf), 0);
    return gossip;
  };
  const seats = new Seats();
  const [here, there] = [machineOf('gate', 'founder'), machineOf('gate', 'guest')];
  for (const gossip of [here, there]) seats.add(gossip);
  const about = { seats, share: () => learner.share, losses: new LossBook(), now: () => clock.now };
  const home = new Mixer({ ...about, gossip: here, discretion: null }, learner.share, values.slice());
  const guest = new Guest({ ...about, gossip: there }, home);
  const peers = [machineOf('peer', 'founder'), machineOf('peer', 'founder')];
  /** A cycle of a site, with whatever either side says in it. */
  const cycle = async (mixing: Mixer | Guest, peer: Gossip): Promise<void> => {
    clock.now += 10_000;
    const letters: [boolean, GossipBody][] = [];
    const post = (fromGate: boolean, effects: readonly GossipEffect[]): void => {
      for (const effect of effects) if (effect.kind === 'send') letters.push([fromGate, effect.body]);
    };
    post(true, await mixing.begin());
    post(false, peer.begin(clock.now));
    for (let letter = letters.shift(); letter !== undefined; letter = letters.shift()) {
      const [fromGate, body] = letter;
      if (fromGate) post(false, peer.receive('gate', body, clock.now));
      else post(true, await mixing.receive('peer', body));
    }
  };
  return { learner, home, guest, peers, here, there, cycle };
};
const memberOf = (name: string) => ({ name, generation: 1, present: true });
const estimateOf = (gossip: Gossip): number => {
  const theta = new Float64Array(2);
  gossip.estimate(theta);
  return theta[0]!;
};
const near = (value: number, wanted: number): void => assert.ok(Math.abs(value - wanted) < 1e-9, `${value}, ${wanted}`);

parts('what a bridge learns counts once, and the worker has what both sites come to', async () => {
  const { learner, home, guest, peers, here, there, cycle } = createBridge();
  const [close, far] = peers as [Gossip, Gossip];
  learner.learn(12, 0);
  await cycle(home, close);
  // The peer's half, and then the machine in the other site has its part of the bridge's one unit.
  near(estimateOf(here), 6);
  near(estimateOf(there), 6);
  near(learner.theta[0]!, 6);
  for (let turn = 0; turn < 40; turn++) {
    await cycle(guest, far);
    await cycle(home, close);
  }
  // Three gateways, of which one learned 12.
  for (const gossip of [here, there, close, far]) near(estimateOf(gossip), 4);
  near(learner.theta[0]!, 4);
});

parts('a machine that waits is given its part when another has any, not when a cycle ends', async () => {
  const { guest, there, learner } = createBridge();
  assert.is(there.holdings.unseasoned().length, 1);
  learner.learn(1, 1);
  await guest.tick();
  assert.is(there.holdings.unseasoned().length, 0);
  near(learner.theta[0]!, 1);
});

parts.run();
