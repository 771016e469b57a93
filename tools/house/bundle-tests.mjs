// Each test as one file of JavaScript. A loader that compiles TypeScript on the way costs a test up to a second of
// processor time, mostly for its two hundred small modules; of 220 tests that is a good part (docs/mesh-diet.md).
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './install.mjs';

/** A module goes on finding what lies beside its source: fixtures, workers, programs. */
const sourceUrls = {
  name: 'source-urls',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const contents = await readFile(path, 'utf8');
      const own = `const sourceUrl = ${JSON.stringify(pathToFileURL(path))};`;
      // On the first line, so that the others keep their numbers.
      return { contents: contents.includes('import.meta.url') ? own + contents : contents, loader: 'ts' };
    });
  },
};

/**
 * Bundles test files, packages and their natives left outside, into a folder of this run's own.
 *
 * @param files paths below test/
 * @returns where the bundle of a file lies until this process ends
 */
export const bundleTests = async (files) => {
  // Not at the top: on a fresh clone esbuild is there only when the packages have been installed.
  const { build } = await import('esbuild');
  const folder = mkdtempSync(join(root, 'dist', 'tests-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  await build({
    entryPoints: files.map((file) => join(root, 'test', file)),
    outdir: folder,
    outbase: join(root, 'test'),
    outExtension: { '.js': '.mjs' },
    ...{ bundle: true, packages: 'external', platform: 'node', format: 'esm', target: 'node20' },
    ...{ keepNames: true, sourcemap: 'linked', sourcesContent: false, logLevel: 'error', plugins: [sourceUrls] },
    define: { 'import.meta.url': 'sourceUrl' },
  });
  return (file) => join(folder, file.replace(/\.ts$/, '.mjs'));
};
