import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { demoConfiguration } from '../../firmware/demo/configuration.ts';
import { createCodec } from '../../protocols/codec.ts';
import { readEnvelope } from '../../protocols/envelope.ts';
import { parseWindowId } from '../../protocols/window-id.ts';
import { startAedes } from '../support/brokers.ts';
import { temporaryFolder } from '../support/machine-recording.ts';
import { freePort } from '../support/mosquitto.ts';
import { myrmex, type Program } from './programs.ts';

const kill = suite('kill -9 with a filled outbox');
const codec = createCodec();

/** The counter of what waits in the last status that a node printed. */
const waiting = (program: Program): number => {
  const all = [...program.stdout().matchAll(/"outboxEntries":(\d+)/g)];
  return Number(all.at(-1)?.[1] ?? 0);
};

kill('what was decided before follows in order, and before what was decided after', async () => {
  const folder = await temporaryFolder();
  const port = await freePort();
  const { labeller: _, ...quiet } = demoConfiguration;
  const config = join(folder, 'node.json');
  const broker = { url: `mqtt://127.0.0.1:${port}` };
  await writeFile(config, JSON.stringify({ ...quiet, state: join(folder, 'state'), broker }));

  const first = myrmex('run', '--config', config);
  await first.said(/"outboxEntries":(8\d|9\d|\d{3})/);
  const before = waiting(first);
  first.process.kill('SIGKILL');
  await first.ended;

  const received: { epoch: number; index: number }[] = [];
  const server = await startAedes({ port });
  const enough = new Promise<void>((resolve) => {
    server.aedes.on('publish', ({ topic, payload }, client) => {
      if (client === null || !topic.endsWith('/decision')) return;
      const envelope = readEnvelope(codec, payload as Buffer);
      if (!envelope.ok) throw new Error(envelope.reason);
      received.push(parseWindowId((envelope.value.body as { window: string }).window)!);
      if (received.filter(({ epoch }) => epoch === 2).length >= 25) resolve();
    });
  });
  const second = myrmex('run', '--config', config);
  await enough;
  second.process.kill('SIGTERM');
  assert.is(await second.ended, 0, second.stderr());
  await server.close();

  const ofFirst = received.filter(({ epoch }) => epoch === 1);
  // At 25 windows a second, one second may not have reached the disk.
  assert.ok(ofFirst.length >= before - 40, `${ofFirst.length} of ${before}`);
  const expected = [
    ...ofFirst.map((_, index) => ({ epoch: 1, index })),
    ...received.slice(ofFirst.length).map((_, index) => ({ epoch: 2, index })),
  ];
  assert.equal(received, expected);
});

kill.run();
