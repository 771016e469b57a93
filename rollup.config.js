import { readFileSync } from 'node:fs';
import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { transform } from 'esbuild';
import esbuild from 'rollup-plugin-esbuild';

/** Packages with native parts or with optional natives of their own: they stay in node_modules. */
const external = ['classic-level', 'cbor-extract', 'bufferutil', 'utf-8-validate'];

/** CommonJS packages in an ES module bundle still call `require` for Node's own modules. */
const banner = [
  "import { createRequire as __createRequire } from 'node:module';",
  'const require = __createRequire(import.meta.url);',
].join('');

/** One pass over each finished chunk: smaller than minifying module by module. */
const minifyChunk = {
  name: 'minify-chunk',
  async renderChunk(code) {
    const result = await transform(code, { minify: true, format: 'esm', target: 'node20', legalComments: 'none' });
    return { code: result.code, map: null };
  },
};

/** The demonstration's model lies beside the bundle that plays it. */
const demoModel = {
  name: 'demo-model',
  generateBundle() {
    const fileName = 'rotating-machine.tflite';
    this.emitFile({ type: 'asset', fileName, source: readFileSync(`firmware/demo/${fileName}`) });
  },
};

const bundle = (input, chunkFolder, extras = []) => ({
  input,
  external,
  plugins: [
    nodeResolve({ preferBuiltins: true, exportConditions: ['node', 'import'] }),
    commonjs({ ignoreDynamicRequires: true }),
    json(),
    esbuild({ target: 'node20', tsconfig: 'tsconfig.json' }),
    minifyChunk,
    ...extras,
  ],
  output: {
    dir: 'dist',
    format: 'es',
    banner,
    entryFileNames: '[name].js',
    chunkFileNames: `${chunkFolder}/[name]-[hash].js`,
  },
});

export default [
  bundle({ myrmex: 'firmware/main.ts', 'myrmex-worker': 'firmware/worker/main.ts' }, 'node-chunks', [demoModel]),
  bundle({ myrmexctl: 'tools/main.ts' }, 'desk-chunks'),
];
