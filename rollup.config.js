import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { minify } from '@swc/core';
import esbuild from 'rollup-plugin-esbuild';
import { leaveOutParts } from './tools/house/leave-out.mjs';
import { PARTS_LEFT_OUT } from './tools/house/left-out-parts.mjs';

/** Packages with native parts or with optional natives of their own: they stay in node_modules. */
const external = ['classic-level', 'cbor-extract', 'bufferutil', 'utf-8-validate'];

const NEVER = "() => { throw new Error('left out of this build: see rollup.config.js') }";

/**
 * Keywords of JSON Schema that no schema of ours uses: 3 KB gzipped. TypeBox has three functions for each. A schema that
 * uses one stops the program at its start, as it calls the first when it is compiled.
 */
const KEYWORDS_LEFT_OUT = [
  ...['Contains', 'Dependencies', 'DependentRequired', 'DependentSchemas', 'DynamicRef', 'If', 'MaxContains'],
  ...['MinContains', 'Not', 'OneOf', 'PropertyNames', 'RecursiveRef', 'Ref', 'UnevaluatedItems'],
  'UnevaluatedProperties',
];
const fileOfKeyword = (name) => `typebox/build/schema/engine/${name[0].toLowerCase()}${name.slice(1)}.mjs`;
const withoutKeyword = (name) =>
  `const never = ${NEVER}; export { never as Build${name}, never as Check${name}, never as Error${name} };`;

/**
 * What packages bring for browsers, proxies and old Nodes, and what takes its place: some 80 KB gzipped of 300. Nothing
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
  // A WebSocket of a browser, behind which mqtt collects what is written before it opens.
  'mqtt/build/lib/BufferedDuplex': `export const BufferedDuplex = ${NEVER}; export const writev = ${NEVER};`,
  // The broker is given a persistence of ours, or the one in memory without its wrapping into callbacks.
  'aedes-persistence': `export default ${NEVER};`,
  // For a native twin of qlobber that we don't install.
  'qlobber/lib/wrap_native.js': `export default ${NEVER};`,
  // Compression is off (firmware/io/mqtt-connection.ts).
  'ws/lib/permessage-deflate': `export default class { static extensionName = 'permessage-deflate'; }`,
  'ws/lib/extension': `export const format = ${NEVER}; export const parse = ${NEVER};`,
  // We open WebSockets and serve none, and mqtt hears them as Node's events, not as a browser's.
  'ws/lib/websocket-server': 'export default class WebSocketServer {}',
  'ws/lib/subprotocol': `export const parse = ${NEVER};`,
  'ws/lib/event-target': `const never = ${NEVER};
    export const EventTarget = { addEventListener: never, removeEventListener: never };`,
  // Where items must be unique, ours are texts and numbers, which a set tells apart as they are.
  'typebox/build/system/hashing/hash.mjs': 'export const Hash = (value) => value;',
  // No schema of ours names a format; one that did would stop the program at its start.
  'typebox/build/format/index.mjs': `export const Format = { Has: ${NEVER}, Test: ${NEVER} };`,
  ...Object.fromEntries(KEYWORDS_LEFT_OUT.map((name) => [fileOfKeyword(name), withoutKeyword(name)])),
};

/** A relative import inside a package as `package/path`; everything else as it is written. */
const nameInPackages = (source, importer) => {
  if (!source.startsWith('.') || !importer?.includes('/node_modules/')) return source;
  return join(dirname(importer), source).split('/node_modules/').at(-1);
};

const LEFT_OUT_PREFIX = '\0left-out:';
const leaveOut = {
  name: 'leave-out',
  resolveId: (source, importer) => {
    const name = nameInPackages(source, importer);
    return Object.hasOwn(LEFT_OUT, name) ? `${LEFT_OUT_PREFIX}${name}` : null;
  },
  load: (id) =>
    id.startsWith(LEFT_OUT_PREFIX)
      ? { code: LEFT_OUT[id.slice(LEFT_OUT_PREFIX.length)], moduleSideEffects: false }
      : null,
  /** TypeBox as a namespace instead of its default export: what nobody names falls away. */
  transform: (code, id) =>
    id.endsWith('.ts') ? code.replace(/^import Type(?:, (\{[^}]*\}))? from 'typebox';/m, namespaceOf) : null,
};

const namespaceOf = (_all, types) =>
  `import * as Type from 'typebox';${types === undefined ? '' : `import type ${types} from 'typebox';`}`;

/**
 * What is written inside of mqtt's and mqtt-packet's files for their developers and for browsers: lines that only call
 * `debug` (2 KB of texts), and the question where they run. Should a new version write it otherwise, it just stays.
 */
const withoutChatter = {
  name: 'without-chatter',
  transform: (code, id) =>
    /\/node_modules\/mqtt(-packet)?\//.test(id)
      ? code
          .replace(/^(\s*)(?:debug|this\.log|client\.log)\(.*\);?$/gm, '$1;')
          .replaceAll('is_browser_1.default', 'false')
          .replace(/^const browserStreamBuilder = [\s\S]*?^};$/m, `const browserStreamBuilder = ${NEVER};`)
      : null,
};

/** CommonJS packages in an ES module bundle may still call `require` for Node's own modules. */
const REQUIRE = [
  "import { createRequire as __createRequire } from 'node:module';",
  'const require = __createRequire(import.meta.url);',
].join('');

/**
 * Over each finished chunk: smaller than minifying module by module. swc, as what it leaves is 5 % smaller gzipped than
 * what esbuild leaves (279 against 295 KB in all), and 1 % smaller than terser's, which takes 20 times as long.
 */
const MINIFY = { module: true, ecma: 2022, compress: { passes: 4 }, mangle: true, format: { comments: false } };

/**
 * Modules whose functions run for every packet; chunks with one of them keep functions as they are written. Elsewhere swc
 * writes a function that is called in one place there, as a closure that is made anew each time; what V8 compiled for one
 * lives no longer than it, and was compiled again after every collection: the writer of PUBLISH 26 times in 24 minutes.
 */
const PER_PACKET = /\/node_modules\/(aedes|mqtt|mqtt-packet)\/|\/firmware\/io\/outbox/;
const AS_WRITTEN = { inline: false, reduce_vars: false, reduce_funcs: false };

const minifyChunk = {
  name: 'minify-chunk',
  async renderChunk(code, { moduleIds }) {
    const whole = /\brequire\(/.test(code) ? code.replace(/^(#!.*\n)?/, `$&${REQUIRE}\n`) : code;
    const compress = { ...MINIFY.compress, ...(moduleIds.some((id) => PER_PACKET.test(id)) ? AS_WRITTEN : {}) };
    const result = await minify(whole, { ...MINIFY, compress });
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

const NODE = {
  myrmex: 'firmware/main.ts',
  'myrmex-worker': 'firmware/worker/main.ts',
  'myrmex-native': 'firmware/io/native/child.ts',
};
const DESK = { myrmexctl: 'tools/main.ts' };
const PROGRAMS = [NODE, DESK].flatMap(Object.values);

/**
 * No module of ours does anything by being loaded, apart from the programs themselves: what nobody uses may fall away,
 * and a chunk may be loaded earlier than it has to be. Of a schema that nobody uses nothing stays.
 */
const treeshake = {
  moduleSideEffects: (id) => id.includes('/node_modules/') || PROGRAMS.includes(relative('.', id)),
  manualPureFunctions: ['Type', 'Compile'],
};

/** Unminified; a chunk below it joins those it is loaded with, as gzip finds more in one file than in two. */
const CHUNK_BYTES_MIN = 20_000;

/** `auto`: modules of a package that need not wait for `require` stand side by side, not each in a function of its own. */
const COMMONJS = {
  ignoreDynamicRequires: true,
  strictRequires: 'auto',
  requireReturnsDefault: (id) => id === '\0left-out:debug',
};

const bundle = (input, chunkFolder, extras = []) => ({
  input,
  external,
  treeshake,
  plugins: [
    leaveOut,
    withoutChatter,
    leaveOutParts(PARTS_LEFT_OUT),
    engineFile,
    nodeResolve({ preferBuiltins: true, exportConditions: ['node'] }),
    commonjs(COMMONJS),
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
    // A hash in every import costs 1 KB: nothing shrinks it, and no cache is there that would need it.
    chunkFileNames: `${chunkFolder}/[name].js`,
    experimentalMinChunkSize: CHUNK_BYTES_MIN,
    // They would start the reading of deeper files earlier, which a disk does not need, and cost 2 KB.
    hoistTransitiveImports: false,
    // Nobody looks at our modules as objects, and what is imported from Node does not change.
    generatedCode: { preset: 'es2015', symbols: false },
    externalLiveBindings: false,
    freeze: false,
  },
});

export default [bundle(NODE, 'node-chunks', [demoModel]), bundle(DESK, 'desk-chunks', [textFiles])];
