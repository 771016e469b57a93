import { EventEmitter, once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCodec } from '../../protocols/codec.ts';
import { readSign1 } from '../../protocols/cose/sign1.ts';
import { openEnvelope } from '../../protocols/envelope.ts';
import type { MessageType } from '../../protocols/message.ts';
import { ADAPTER, adapterOf } from '../../protocols/messages/adapter.ts';
import { UPDATE, updateOf } from '../../protocols/messages/update.ts';
import { startAedes } from '../support/brokers.ts';
import { demoModelPath, machineRecording, temporaryFolder } from '../support/machine-recording.ts';
import { myrmex } from './programs.ts';

const star = suite('star: myrmex run');
const codec = createCodec();
const open = <Body>(type: MessageType<Body>, payload: Uint8Array): Body => {
  const signed = readSign1(payload);
  assert.ok(signed.ok);
  const opened = openEnvelope(codec, type, signed.value.payload);
  assert.ok(opened.ok);
  return opened.value.body;
};

star('an agent of one short life hands over, and a coordinator that starts later takes it', async () => {
  const folder = await temporaryFolder();
  const server = await startAedes({});
  const last = new Map<string, Uint8Array>();
  const arrived = new EventEmitter();
  server.aedes.on('publish', ({ topic, payload }, client) => {
    if (client === null) return;
    last.set(topic, payload as Buffer);
    arrived.emit(topic);
  });
  const configure = async (node: string, sensor: object): Promise<string> => {
    const path = join(folder, `${node}.json`);
    const common = { site: 'site', board: 'pc', broker: { url: `mqtt://127.0.0.1:${server.port}` }, seed: 0 };
    const rest = { state: join(folder, node), experts: ['frozen', 'local'], model: demoModelPath, sensor };
    // The agent's period is longer than its life: what it says it says at its end.
    const mesh = { coordinator: 'centre', everySeconds: node === 'centre' ? 0.2 : 600, star: { labelsMin: 4 } };
    await writeFile(path, JSON.stringify({ ...common, ...rest, node, mesh }));
    return path;
  };
  const path = await machineRecording({ seed: 3, seconds: 1.4, drift: { beginMs: 0, endMs: 1 } });
  const sensor = { kind: 'recording', path, speed: 'max', labelRate: 0.4 };
  const agent = myrmex('run', '--config', await configure('agent', sensor));
  assert.is(await agent.ended, 0, agent.stderr());
  const update = updateOf(open(UPDATE, last.get('mx/1/site/agent/update')!));
  assert.ok(update.labels >= 4 && update.after < update.before, JSON.stringify(update));

  const adapters = once(arrived, 'mx/1/site/centre/adapter');
  const centre = myrmex('run', '--config', await configure('centre', { kind: 'simulated', seed: 1, drift: null }));
  await Promise.race([adapters, centre.ended]);
  const adapter = adapterOf(open(ADAPTER, last.get('mx/1/site/centre/adapter')!));
  const { life, number } = update;
  assert.equal(adapter.answers, [{ agent: 'agent', life, number, verdict: 'taken' }]);
  // It was the only one; what was rounded is rounded again to another scale.
  const [said, made] = [update.delta.values, adapter.values.values].map((bytes) => Int8Array.from(bytes));
  const off = said!.map((level, i) => Math.abs(level - made![i]!));
  assert.ok(Math.max(...said!) > 100 && Math.max(...off) <= 2, `off by ${Math.max(...off)} levels`);
  centre.process.kill('SIGTERM');
  assert.is(await centre.ended, 0, centre.stderr());
  await server.close();
});

star.run();
