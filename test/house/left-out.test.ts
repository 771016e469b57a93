import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Plugin, rollup } from 'rollup';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rounds } from '../support/rounds.ts';
import { root } from './tree.ts';

/** Tests of what the node uses of packages that parts are taken out of: they run without the bundle otherwise. */
const TESTS = ['protocols/codec.test.ts', 'protocols/sample-payload.test.ts', 'firmware/recording.test.ts'];

const NOT_FOR_TESTS = ['minify-chunk', 'engine-file', 'demo-model'];

/** Of the node's bundle, then of the desk's. */
interface Settings {
  readonly default: readonly { readonly external: readonly string[]; readonly plugins: readonly Plugin[] }[];
}

const leftOut = suite('packages without what was taken out of them');

leftOut('pass the tests that they pass whole', async () => {
  // 7 s of processor time.
  if (rounds(true, false)) return;
  const settings = (await import(join(root, 'rollup.config.js'))) as Settings;
  const [node] = settings.default;
  assert.ok(node !== undefined);
  const whereItIs = {
    name: 'where-it-is',
    resolveImportMeta: (_property: string | null, { moduleId }: { moduleId: string }) =>
      `({ url: ${JSON.stringify(pathToFileURL(moduleId).href)} })${_property === null ? '' : `.${_property}`}`,
  };
  const plugins = [...node.plugins.filter(({ name }) => !NOT_FOR_TESTS.includes(name)), whereItIs];
  const input = TESTS.map((test) => join(root, 'test', test));
  const built = await rollup({ input, external: [...node.external], plugins, onwarn: () => {} });
  const dir = mkdtempSync(join(tmpdir(), 'myrmex-left-out-'));
  const { output } = await built.write({
    dir,
    format: 'es',
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name].mjs',
  });
  const code = output.map((file) => ('code' in file ? file.code : '')).join('');
  assert.ok(code.split('leftOutOfThisBuild()').length > 20, 'nothing was taken out');
  for (const test of TESTS) {
    const { status, stdout } = spawnSync(process.execPath, [join(dir, basename(test, '.ts').concat('.mjs'))], {
      cwd: root,
      encoding: 'utf8',
    });
    assert.is(status, 0, stdout);
  }
});

leftOut.run();
