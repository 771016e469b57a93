// Prints the golden hash of every model of the fuzzer's corpus, one JSON line each, for one processor. Bundled by
// tools/house/test-arm.mjs and run there by Nodes of several architectures, whose lines must be the same.
import { createEngine } from '../../kernels/wasm/engine.ts';
import { corpus } from '../fuzz/corpus.ts';
import { goldenOf } from './golden.ts';

const compiled = createEngine();
const plain = createEngine({ kernels: 'plain' });
/** Some builds of V8 for armv7 have no SIMD: both engines then run the plain twins. */
process.stdout.write(`${JSON.stringify({ arch: process.arch, simd: compiled.kernels !== null })}\n`);
for (const { name, bytes } of corpus().flat()) {
  const { sha256, runs } = goldenOf(bytes, compiled);
  const twin = goldenOf(bytes, plain).sha256;
  process.stdout.write(`${JSON.stringify({ name, sha256, plain: twin, runs })}\n`);
}
