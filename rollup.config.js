import { readFileSync } from 'node:fs';
import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { transform } from 'esbuild';
import esbuild from 'rollup-plugin-esbuild';

/** Packages with native parts or with optional natives of their own: they stay in node_modules. */
const external = ['classic-level', 'cbor-extract', 'bufferutil', 'utf-8-validate'];

const NEVER = "() => { throw new Error('left out of this build: see rollup.config.js') }";
/**
 * What packages bring for browsers, proxies and old Nodes, and what takes its place: some 60 KB gzipped of 300. Nothing
 * here runs on a gateway: aedes and mqtt use Node's streams and timers, and we send no topic aliases.
 */
const LEFT_OUT = {
  // The same code, as Node has it: readable-stream is a copy of it for browsers (its README, "Version 4").
  'readable-stream': "export * from 'node:stream'; export { default } from 'node:stream';",
  socks: `export const SocksClient = { createConnection: ${NEVER} };`,
  'worker-timers': `export const setInterval = ${NEVER}; export const clearInterval = ${NEVER};`,
  // Made when an MQTT 5 broker offers topic aliases, and never filled.
  'lru-cache': 'export class LRUCache extends Map { constructor() { super(); } }',
};

const leaveOut = {
  name: 'leave-out',
  resolveId: (source) => (Object.hasOwn(LEFT_OUT, source) ? `\0left-out:${source}` : null),
  load: (id) => (id.startsWith('\0left-out:') ? LEFT_OUT[id.slice('\0left-out:'.length)] : null),
  /** TypeBox as a namespace instead of its default export: what nobody names falls away. */
  transform: (code, id) =>
    id.endsWith('.ts') ? code.replace(/^import Type(?:, (\{[^}]*\}))? from 'typebox';/m, namespaceOf) : null,
};

const namespaceOf = (_all, types) =>
  `import * as Type from 'typebox';${types === undefined ? '' : `import type ${types} from 'typebox';`}`;

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
    leaveOut,
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
  bundle(
    {
      myrmex: 'firmware/main.ts',
      'myrmex-worker': 'firmware/worker/main.ts',
      'myrmex-native': 'firmware/io/native/child.ts',
    },
    'node-chunks',
    [demoModel],
  ),
  bundle({ myrmexctl: 'tools/main.ts' }, 'desk-chunks'),
];
