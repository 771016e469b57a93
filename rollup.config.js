import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { transform } from 'esbuild';
import esbuild from 'rollup-plugin-esbuild';

/** Packages with native parts or with optional natives of their own: they stay in node_modules. */
const external = ['classic-level', 'cbor-extract', 'bufferutil', 'utf-8-validate'];

const NEVER = "() => { throw new Error('left out of this build: see rollup.config.js') }";
/**
 * What packages bring for browsers, proxies and old Nodes, and what takes its place: some 70 KB gzipped of 300. Nothing
 * here runs on a gateway: aedes and mqtt use Node's streams and timers, and we send no topic aliases. What is called
 * nevertheless says so.
 */
const LEFT_OUT = {
  // The same code, as Node has it: readable-stream is a copy of it for browsers (its README, "Version 4").
  'readable-stream': "export * from 'node:stream'; export { default } from 'node:stream';",
  'mqtt/build/lib/connect/socks': `export default ${NEVER};`,
  'worker-timers': `export const setInterval = ${NEVER}; export const clearInterval = ${NEVER};`,
  // Made when an MQTT 5 broker offers topic aliases, and never filled.
  'lru-cache': 'export class LRUCache extends Map { constructor() { super(); } }',
  // Protocols of Chinese mini programs.
  'mqtt/build/lib/connect/ali': `export default ${NEVER};`,
  'mqtt/build/lib/connect/wx': `export default ${NEVER};`,
  // Chatter for the packages' own developers, behind the variable DEBUG.
  debug: 'export default () => () => {};',
  // We open WebSockets and serve none.
  'ws/lib/websocket-server': 'export default class WebSocketServer {}',
  // No schema of ours names a format; one that did would stop the program at its start.
  'typebox/build/format/index.mjs': `export const Format = { Has: ${NEVER}, Test: ${NEVER} };`,
};

/** A relative import inside a package as `package/path`; everything else as it is written. */
const nameInPackages = (source, importer) => {
  if (!source.startsWith('.') || !importer?.includes('/node_modules/')) return source;
  return join(dirname(importer), source).split('/node_modules/').at(-1);
};

const leaveOut = {
  name: 'leave-out',
  resolveId: (source, importer) => {
    const name = nameInPackages(source, importer);
    return Object.hasOwn(LEFT_OUT, name) ? `\0left-out:${name}` : null;
  },
  load: (id) => (id.startsWith('\0left-out:') ? LEFT_OUT[id.slice('\0left-out:'.length)] : null),
  /** TypeBox as a namespace instead of its default export: what nobody names falls away. */
  transform: (code, id) =>
    id.endsWith('.ts') ? code.replace(/^import Type(?:, (\{[^}]*\}))? from 'typebox';/m, namespaceOf) : null,
};

const namespaceOf = (_all, types) =>
  `import * as Type from 'typebox';${types === undefined ? '' : `import type ${types} from 'typebox';`}`;

/** CommonJS packages in an ES module bundle may still call `require` for Node's own modules. */
const REQUIRE = [
  "import { createRequire as __createRequire } from 'node:module';",
  'const require = __createRequire(import.meta.url);',
].join('');

/** One pass over each finished chunk: smaller than minifying module by module. */
const minifyChunk = {
  name: 'minify-chunk',
  async renderChunk(code) {
    const whole = /\brequire\(/.test(code) ? code.replace(/^(#!.*\n)?/, `$&${REQUIRE}\n`) : code;
    const result = await transform(whole, { minify: true, format: 'esm', target: 'node20', legalComments: 'none' });
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

/** Files that `textOf` would read from a checkout (tools/report/assets.ts) as text within the bundle. */
const textFiles = {
  name: 'text-files',
  transform: (code, id) =>
    code.includes('textOf(new URL(')
      ? code.replace(/textOf\(new URL\(['"]([^'"]+)['"], import\.meta\.url\)\)/g, (_all, path) =>
          JSON.stringify(readFileSync(join(dirname(id), path), 'utf8')),
        )
      : null,
};

/**
 * The engine as a file of its own: inside a script its bytes would be text, a third longer, that gzip cannot shrink. It is
 * the one without the kernels that a gateway never calls.
 */
const engineFile = {
  name: 'engine-file',
  load(id) {
    if (!id.endsWith('kernels/wasm/binary.generated.ts')) return null;
    const own = join(dirname(id), 'node-binary.generated.ts');
    const base64 = readFileSync(own, 'utf8').match(/atob\('([^']+)'\)/)[1];
    const file = this.emitFile({ type: 'asset', fileName: 'engine.wasm', source: Buffer.from(base64, 'base64') });
    return `import { readFileSync } from 'node:fs';
      export const engineBinary = () => readFileSync(new URL(import.meta.ROLLUP_FILE_URL_${file}));`;
  },
};

const bundle = (input, chunkFolder, extras = []) => ({
  input,
  external,
  plugins: [
    leaveOut,
    engineFile,
    nodeResolve({ preferBuiltins: true, exportConditions: ['node'] }),
    commonjs({ ignoreDynamicRequires: true, requireReturnsDefault: (id) => id === '\0left-out:debug' }),
    json(),
    // Fields are assigned in constructors anyway: declaring each once more took 2 KB of the bundle.
    esbuild({
      target: 'node20',
      tsconfig: false,
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true, useDefineForClassFields: false } },
    }),
    minifyChunk,
    ...extras,
  ],
  output: {
    dir: 'dist',
    format: 'es',
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
  bundle({ myrmexctl: 'tools/main.ts' }, 'desk-chunks', [textFiles]),
];
