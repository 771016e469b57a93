import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { demoConfiguration } from '../../firmware/demo/configuration.ts';
import { programTest } from '../support/installed.ts';
import { schemaFaults } from '../support/json-schema.ts';
import { temporaryFolder } from '../support/machine-recording.ts';
import { freePort, startMosquitto } from '../support/mosquitto.ts';
import { myrmex } from './programs.ts';

const views = suite('views, as a stranger sees them');

/** What `mosquitto_sub` prints until it has `count` messages. */
const sub = (port: number, topic: string, count = 1): string[] => {
  const args = ['-p', `${port}`, '-t', topic, '-C', `${count}`, '-W', '30', '-v'];
  const { stdout, stderr, status } = spawnSync('mosquitto_sub', args, { encoding: 'utf8' });
  assert.is(status, 0, `${topic}: ${stderr}`);
  return stdout.trimEnd().split('\n');
};

const pub = (port: number, topic: string, message: string): void => {
  assert.is(spawnSync('mosquitto_pub', ['-p', `${port}`, '-q', '1', '-t', topic, '-m', message]).status, 0);
};

/** The one message on a topic as JSON. */
const object = (lines: readonly string[]): Record<string, unknown> =>
  JSON.parse(lines[0]!.slice(lines[0]!.indexOf(' '))) as Record<string, unknown>;

const FAULTY = ['imbalance', 'outer-race', 'inner-race'];

const STORY = 'mosquitto_sub reads decisions, state and alarms; mosquitto_pub labels, rules and acknowledges';

programTest(views, ['mosquitto', 'mosquitto_sub', 'mosquitto_pub'], STORY, async () => {
  const mosquitto = await startMosquitto(['allow_anonymous true']);
  const { port } = mosquitto;
  const { labeller: _, ...quiet } = demoConfiguration;
  const folder = await temporaryFolder();
  const metricsPort = await freePort();
  const path = join(folder, 'node.json');
  const configuration = {
    ...{ ...quiet, site: 'plant', node: 'press', state: join(folder, 'state') },
    broker: { url: `mqtt://127.0.0.1:${port}` },
    views: { json: true, homeAssistant: true, metrics: { port: metricsPort } },
    alarms: [{ name: 'faulty', on: 'class', classes: FAULTY, above: 0.6, clearBelow: 0.4, latched: true }],
    rules: [{ name: 'plc', topic: 'plc/good', when: { equals: 1 }, label: 'normal', window: { spanMs: 1_000 } }],
  };
  await writeFile(path, JSON.stringify(configuration));
  const node = myrmex('run', '--config', path);
  try {
    const decision = object(sub(port, 'mx/1/+/+/decision/json'));
    assert.equal(schemaFaults('decision', decision), null);
    assert.equal([decision.site, decision.node], ['plant', 'press']);
    assert.equal(sub(port, 'mx/1/+/+/availability'), ['mx/1/plant/press/availability online']);
    const announced = sub(port, 'homeassistant/#', 8).map((line) => line.split('/').slice(1, 4).join('/'));
    assert.ok(announced.includes('button/plant_-press/acknowledge-faulty'), announced.join());

    await node.said(/alarm faulty: raised/);
    const alarm = object(sub(port, 'mx/1/plant/press/alarm/json'));
    assert.equal(schemaFaults('alarm', alarm), null);
    assert.equal(alarm.raised, ['faulty']);
    assert.match(JSON.stringify(schemaFaults('alarm', { ...alarm, raised: 'faulty' })), /must be array/);

    pub(port, 'plc/good', '1');
    pub(port, 'mx/1/plant/press/label', '{"window":"1-0","label":"imbalance"}');
    pub(port, 'mx/1/plant/press/alarm/acknowledge', '{"alarm":"faulty"}');
    await Promise.all([node.said(/"labels":([2-9]|\d\d)/), node.said(/"rulesApplied":1/)]);
    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    assert.match(metrics, /^myrmex_vital\{name="rulesApplied"\} 1$/m);
    assert.match(metrics, /^myrmex_labels_total\{status="stored"\} ([2-9]|\d\d)/m);
    await node.said(/alarm faulty: (raised, acknowledged|clear)/);
    assert.equal(schemaFaults('state', object(sub(port, 'mx/1/plant/press/state/json'))), null);
    const health = await fetch(`http://127.0.0.1:${metricsPort}/healthz`);
    assert.equal([health.status, await health.json()], [200, { health: 'ok', troubles: {} }]);

    node.process.kill('SIGKILL');
    await node.ended;
    assert.equal(sub(port, 'mx/1/plant/press/availability').at(-1), 'mx/1/plant/press/availability offline');
  } finally {
    node.process.kill('SIGKILL');
    await Promise.all([node.ended, mosquitto.stop()]);
  }
});

views.run();
