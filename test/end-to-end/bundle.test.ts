import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { NodeEnd } from '../../firmware/running-node.ts';
import { builtMyrmex, lastObject } from './programs.ts';

const bundle = suite('the bundle, as it is flashed');

// rollup.config.js takes parts out of mqtt and aedes: whatever still needed one would fail here, not in the sources.
bundle('decides, publishes through broker and client, and learns from a label', async () => {
  const program = builtMyrmex('run', '--duration', '3s', '--port', '0', '--json');
  assert.is(await program.ended, 0, program.stderr());
  const end = lastObject<NodeEnd>(program);
  assert.ok(end.windows > 10, `${end.windows} windows`);
  assert.is(end.published, end.windows);
  assert.ok(end.labels > 0, 'a label came through the broker');
});

bundle.run();
