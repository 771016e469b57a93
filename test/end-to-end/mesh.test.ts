import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connectMqtt } from '../../firmware/io/mqtt.ts';
import { createCodec } from '../../protocols/codec.ts';
import { readSign1 } from '../../protocols/cose/sign1.ts';
import { openEnvelope } from '../../protocols/envelope.ts';
import { GOSSIP, readGossip } from '../../protocols/messages/gossip.ts';
import { gossipFilter } from '../../protocols/topics.ts';
import { publishBytes } from '../../tools/sim/fleet/wire-count.ts';
import { createTestFleet } from '../support/fleet.ts';
import { temporaryFolder } from '../support/machine-recording.ts';
import { COMPLETE, end, SITE, start } from './gateways.ts';

const codec = createCodec();

/** Who sent it, if it brings mass: newcomers have none until each has heard that the others have none either. */
const giverOf = (payload: Uint8Array): string | null => {
  const signed = readSign1(payload);
  const opened = signed.ok ? openEnvelope(codec, GOSSIP, signed.value.payload) : null;
  return opened?.ok && readGossip(opened.value.body).grains > 0 ? opened.value.sender : null;
};

/** On a busy machine what waited comes at once, which the door may not let in, or before its sender's presence. */
const refusesLittle = ({ meshRefused = 0, meshReceived = 0 }: Readonly<Record<string, number>>): void => {
  assert.ok(meshRefused <= meshReceived / 4, `${meshRefused} refused, ${meshReceived} received`);
};

const mesh = suite('mesh, as processes');

mesh('three gateways average what they learn through the broker of one, in messages below 1 KiB', async () => {
  const folder = await temporaryFolder();
  const shared = { mesh: { everySeconds: 0.4, answerSeconds: 0.2 } };
  const first = await start(folder, 'a', { broker: { embedded: true, port: 0 }, ...shared });
  assert.match((await first.said(/the mesh is open[^"]*/))[0], /whoever reaches the broker/);
  const [, url = ''] = await first.said(/talks through (mqtt:[^"\s]+)/);
  const ear = connectMqtt({ url, clientId: 'ear' });
  const sizes: number[] = [];
  const givers = new Set<string>();
  const allGive = new Promise<void>((resolve) => {
    void ear.subscribe(gossipFilter(SITE, {}), (topic, payload) => {
      sizes.push(publishBytes(topic, payload));
      const giver = giverOf(payload);
      if (giver !== null) givers.add(giver);
      if (givers.size === 3) resolve();
    });
  });
  const others = [
    await start(folder, 'bb', { broker: { url }, ...shared }),
    await start(folder, 'ccc', { broker: { url }, ...shared }),
  ];
  await Promise.all([first, ...others].map((program) => program.said(COMPLETE)));
  await allGive;
  const ends = [...(await Promise.all(others.map(end))), await end(first)];
  await ear.close();
  for (const { counters, experts } of ends) {
    assert.ok(counters.meshSentBytes! > 0 && counters.meshReceived! > 0);
    refusesLittle(counters);
    assert.ok(experts.shared!.weight > 0);
  }
  assert.ok(sizes.length >= 4 && Math.max(...sizes) <= 1_024, `${sizes.length} messages up to ${Math.max(...sizes)}`);
});

mesh('two enrolled gateways do so over TLS; who was never enrolled is not heard', async () => {
  const folder = await temporaryFolder();
  const fleet = await createTestFleet({ g1: 'node' }, SITE);
  const own = (name: string) => {
    const { rootFile, ...files } = fleet.files(name);
    return { rootFile, files, mesh: { everySeconds: 0.4, answerSeconds: 4, fleet: join(rootFile, '..') } };
  };
  const hub = own('hub');
  const tls = { ...hub.files, rootFile: hub.rootFile };
  const first = await start(folder, 'hub', { broker: { embedded: true, port: 0, tls }, mesh: hub.mesh });
  const [, url = ''] = await first.said(/talks through (mqtts:[^"\s]+)/);
  const g1 = own('g1');
  const second = await start(folder, 'g1', { broker: { url, ...g1.files }, mesh: g1.mesh });
  await Promise.all([first, second].map((program) => program.said(COMPLETE)));
  const ends = [await end(second), await end(first)];
  for (const { counters } of ends) refusesLittle(counters);
  // With another's folder a gateway has no name of its own, and says so at its start.
  const stranger = await start(folder, 'g2', { broker: { url, ...g1.files }, mesh: g1.mesh });
  assert.is(await stranger.ended, 1);
  assert.match(stranger.stderr(), /does not enrol plant\/g2/, stranger.stderr());
});

mesh.run();
