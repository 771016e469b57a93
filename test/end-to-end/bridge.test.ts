import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../support/machine-recording.ts';
import { COMPLETE, end, start } from './gateways.ts';

const bridge = suite('a bridge, as a process');

bridge('a gateway with a bridge is a member of two sites, each with a broker of its own', async () => {
  const folder = await temporaryFolder();
  const settings = { everySeconds: 0.4, answerSeconds: 0.2 };
  const hub = { broker: { embedded: true as const, port: 0 }, mesh: settings };
  const hubs = [await start(folder, 'a', hub), await start(folder, 'bb', { ...hub, site: 'south' })];
  const [here, there] = await Promise.all(
    hubs.map(async (program) => (await program.said(/talks through (mqtt:[^"\s]+)/))[1]!),
  );
  const bridges = [{ site: 'south', node: 'gate', broker: { url: there! } }];
  const gate = await start(folder, 'ccc', { broker: { url: here! }, mesh: { ...settings, bridges } });
  await Promise.all([gate, ...hubs].map((program) => program.said(COMPLETE)));
  await gate.said(/"meshBridgeCycles":[1-9]/);
  const { counters } = await end(gate);
  const { meshBridges, meshBridgePeers, meshPeers } = counters;
  assert.equal({ meshBridges, meshBridgePeers, meshPeers }, { meshBridges: 1, meshBridgePeers: 1, meshPeers: 1 });
  for (const program of hubs) assert.ok((await end(program)).counters.meshReceived! > 0);
});

bridge.run();
