import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { demoConfiguration } from '../../firmware/demo/configuration.ts';
import type { NodeEnd } from '../../firmware/running-node.ts';
import { startAedes } from '../support/brokers.ts';
import { temporaryFolder } from '../support/machine-recording.ts';
import { lastObject, myrmex } from './programs.ts';

const bundle = suite('the bundle, as it is flashed');

// rollup.config.js takes parts out of mqtt and aedes: whatever still needed one would fail here, not in the sources.
bundle('decides, publishes through broker and client, and learns from a label', async () => {
  const program = myrmex('run', '--duration', '3s', '--port', '0', '--json');
  assert.is(await program.ended, 0, program.stderr());
  const end = lastObject<NodeEnd>(program);
  assert.ok(end.windows > 10, `${end.windows} windows`);
  assert.is(end.published, end.windows);
  assert.ok(end.labels > 0, 'a label came through the broker');
});

bundle('talks to a broker behind WebSockets', async () => {
  const broker = await startAedes({ webSocket: true });
  const folder = await temporaryFolder();
  const file = join(folder, 'node.json');
  const url = `ws://127.0.0.1:${broker.port}/mqtt`;
  await writeFile(file, JSON.stringify({ ...demoConfiguration, broker: { url }, state: join(folder, 'state') }));
  try {
    const program = myrmex('run', '--config', file, '--duration', '2s', '--json');
    assert.is(await program.ended, 0, program.stderr());
    const end = lastObject<NodeEnd>(program);
    assert.ok(end.windows > 0 && end.published === end.windows, `${end.published} of ${end.windows} published`);
  } finally {
    await broker.close();
  }
});

bundle.run();
