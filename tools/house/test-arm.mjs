// `npm run test:arm`: the engine's golden hashes on arm64 and armv7 under qemu against those of this machine.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { architectureNames, emulatedNode } from './arm.mjs';
import { ensureBuilt } from './build.mjs';
import { run } from './ci/support.mjs';
import { root } from './install.mjs';

const MINUTES_MAX = 30;

/** One file that needs nothing beside it. */
const bundle = async (folder) => {
  const { build } = await import('esbuild');
  const outfile = join(folder, 'golden.mjs');
  await build({
    entryPoints: [join(root, 'test', 'arm', 'main.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outfile,
  });
  return outfile;
};

const hashesOf = (command, args) => {
  // The bundle lies elsewhere: where the data is has to be said.
  const env = { MYRMEX_DATA: process.env.MYRMEX_DATA ?? join(root, '..', 'shared', 'data') };
  const lines = run(command, args, { env, minutes: MINUTES_MAX }).trimEnd().split('\n');
  const [head, ...models] = lines.map((line) => JSON.parse(line));
  return { ...head, models };
};

/** Differences of one architecture from this machine, as sentences. */
const differences = (ours, theirs) => {
  const found = [];
  ours.forEach(({ name, sha256, plain }, index) => {
    const other = theirs[index];
    if (other?.name !== name) found.push(`${name} is missing`);
    else if (other.sha256 !== sha256) found.push(`${name}: ${other.sha256} instead of ${sha256}`);
    else if (other.plain !== plain) found.push(`${name}, plain kernels: ${other.plain} instead of ${plain}`);
  });
  return found;
};

/**
 * Runs every model here and on each architecture that can be had.
 *
 * @returns one entry per architecture: why it was left out, or what differs
 */
export const testArm = async (report = console.log) => {
  ensureBuilt();
  const folder = mkdtempSync(join(tmpdir(), 'myrmex-arm-'));
  try {
    const program = await bundle(folder);
    const here = hashesOf(process.execPath, [program]);
    for (const { name, sha256 } of here.models) report(`${sha256} ${name}`);
    const twins = here.models.filter(({ sha256, plain }) => sha256 !== plain).map(({ name }) => name);
    const results = [{ name: `${here.arch}, compiled and plain kernels`, models: here.models.length, differ: twins }];
    for (const name of architectureNames) {
      const node = emulatedNode(name);
      if ('absent' in node) {
        results.push({ name, skipped: node.absent });
        continue;
      }
      const started = performance.now();
      const there = hashesOf(node.command, [...node.args, program]);
      const seconds = Math.round((performance.now() - started) / 1000);
      const kernels = there.simd ? 'compiled and plain kernels' : 'plain kernels only, no SIMD';
      const differ = differences(here.models, there.models);
      results.push({ name: `${name}, ${kernels}, ${seconds} s`, models: there.models.length, differ });
    }
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const lineOf = ({ name, skipped, models, differ }) => {
  if (skipped !== undefined) return `skip ${name}: ${skipped}`;
  if (differ.length === 0) return `ok   ${name}: ${models} models, the same hashes`;
  return `FAIL ${name}: ${differ.length} of ${models} models differ\n     ${differ.join('\n     ')}`;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const results = await testArm();
  for (const result of results) console.log(lineOf(result));
  process.exitCode = results.some(({ differ = [] }) => differ.length > 0) ? 1 : 0;
}
