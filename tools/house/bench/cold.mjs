// `node tools/house/bench/cold.mjs MODEL [RUNS]`: what a process of its own spends until a model is ready, bundled and
// minified as a node is. Medians over fresh processes.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildWasm } from '../build-wasm.mjs';

const NODE_BINARY = new URL('../../../kernels/wasm/node-binary.generated.ts', import.meta.url);
const STEPS = ['compile', 'read and verify', 'prepare', 'first inference'];
const [model, runs = '15'] = process.argv.slice(2);
if (model === undefined) throw new Error('name a .tflite file');

buildWasm();
const scratch = mkdtempSync(join(tmpdir(), 'myrmex-cold-'));
try {
  const program = join(scratch, 'cold.mjs');
  const source = fileURLToPath(new URL('../../bench/cold-start.ts', import.meta.url));
  // The engine is a file beside the program, as rollup.config.js has it.
  const engine = join(scratch, 'engine.wasm');
  writeFileSync(engine, Buffer.from(readFileSync(NODE_BINARY, 'utf8').match(/atob\('([^']+)'\)/)[1], 'base64'));
  const contents = `import { readFileSync } from 'node:fs';
    export const engineBinary = () => readFileSync(${JSON.stringify(engine)});`;
  const engineFile = {
    name: 'engine-file',
    setup: ({ onLoad }) => onLoad({ filter: /wasm\/binary\.generated\.ts$/ }, () => ({ contents, loader: 'js' })),
  };
  const common = {
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    plugins: [engineFile],
  };
  await build({ ...common, entryPoints: [source], outfile: program });
  const rows = Array.from({ length: Number(runs) }, () =>
    JSON.parse(execFileSync(process.execPath, [program, model], { encoding: 'utf8' })),
  );
  const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  for (const [at, step] of STEPS.entries()) console.log(`${step}: ${median(rows.map((row) => row[at])).toFixed(1)} ms`);
  const both = rows.map(([compile, , prepare]) => compile + prepare);
  console.log(`compile and prepare: ${median(both).toFixed(1)} ms`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
