import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

export interface BundledProgram {
  /** To be run by node as it is. */
  readonly path: string;
  remove(): void;
}

/** One file of a program that a test starts often: compiling it at each start would take most of the time. */
export const bundleProgram = (entry: string): BundledProgram => {
  // Below the repository, so that packages with native parts are found, and as deep in it as the sources of the tests.
  mkdirSync(dist, { recursive: true });
  const folder = mkdtempSync(join(dist, 'test-'));
  const path = join(folder, 'program.mjs');
  buildSync({
    entryPoints: [entry],
    ...{ outfile: path, bundle: true, platform: 'node', format: 'esm', target: 'node20', external: ['classic-level'] },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
};
