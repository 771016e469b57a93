import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { engineBinary } from '../../kernels/wasm/binary.generated.ts';
import { root } from './tree.ts';

/** What is flashed: the node, its worker, the engine and the chunks they share (issue "First light", Must show). */
const NODE_BUNDLE_GZIP_BYTES_MAX = 300 * 1024;
/** The whole engine when every operator is in; today's share of it is far below. */
const ENGINE_WASM_BYTES_MAX = 48 * 1024;

const gzipBytes = (path: string): number => gzipSync(readFileSync(path), { level: 9 }).length;

const budgets = suite('budgets');

budgets('the node bundle fits its flash budget', () => {
  const dist = join(root, 'dist');
  const chunks = readdirSync(join(dist, 'node-chunks')).map((name) => join(dist, 'node-chunks', name));
  const files = [...['myrmex.js', 'myrmex-worker.js', 'engine.wasm'].map((name) => join(dist, name)), ...chunks];
  const bytes = files.reduce((sum, file) => sum + gzipBytes(file), 0);
  assert.ok(bytes <= NODE_BUNDLE_GZIP_BYTES_MAX, `${bytes} bytes gzipped, at most ${NODE_BUNDLE_GZIP_BYTES_MAX}`);
});

budgets('the engine fits its wasm budget', () => {
  const bytes = engineBinary().length;
  assert.ok(bytes > 1000 && bytes <= ENGINE_WASM_BYTES_MAX, `${bytes} bytes, at most ${ENGINE_WASM_BYTES_MAX}`);
});

budgets.run();
