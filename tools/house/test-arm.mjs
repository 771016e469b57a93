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
const differences = (ours, theirs) =>
  ours.flatMap((model, index) => {
    const other = theirs[index];
    if (other?.name !== model.name) return [`${model.name} is missing`];
    return ['compiled', 'plain'].flatMap((kernels) =>
      ['frozen', 'adapted'].flatMap((way) => {
        const [here, there] = [model[kernels][way], other[kernels][way]];
        return here === there ? [] : [`${model.name}, ${way}, ${kernels} kernels: ${there} instead of ${here}`];
      }),
    );
  });

/** Models that the compiled kernels and their plain twins do not agree on. */
const quarrels = (models) =>
  models
    .filter(({ compiled, plain }) => compiled.frozen !== plain.frozen || compiled.adapted !== plain.adapted)
    .map(({ name }) => name);

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
    for (const { name, compiled } of here.models) report(`${compiled.frozen} ${name}`);
    const twins = `${here.arch}, compiled kernels against plain ones`;
    const results = [{ name: twins, models: here.models.length, differ: quarrels(here.models) }];
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

export const lineOf = ({ name, skipped, models, differ }) => {
  if (skipped !== undefined) return `skip ${name}: ${skipped}`;
  if (differ.length === 0) return `ok   ${name}: ${models} models, the same hashes`;
  return `FAIL ${name}: ${models} models, ${differ.length} differences\n     ${differ.join('\n     ')}`;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const results = await testArm();
  for (const result of results) console.log(lineOf(result));
  process.exitCode = results.some(({ differ = [] }) => differ.length > 0) ? 1 : 0;
}
