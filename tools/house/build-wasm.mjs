// Compiles the hot loops, the engine's (kernels/wasm/assembly) and the trainer's (tools/train/assembly), to WebAssembly
// and embeds each as binary.generated.ts beside its folder, so that a bundle is one file. Does nothing when the sources
// have not changed. Talks on standard error only.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** Folder of each module, and the name its bytes are exported by. */
const modules = [
  ['kernels/wasm', 'engineBinary'],
  ['tools/train', 'trainerBinary'],
];
const compiler = join(root, 'node_modules', 'assemblyscript', 'bin', 'asc.js');
const flags = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--importMemory', '--noExportMemory'];
/** Of hexadecimal digits gzip leaves a quarter less, but to decode them costs a starting node 2 ms more. */
const encoding = 'base64';

/** Fingerprint of all that decides the file: sources, flags, encoding, compiler version. */
function fingerprint(sources) {
  const hash = createHash('sha256').update([...flags, encoding].join(' '));
  hash.update(readFileSync(join(root, 'node_modules', 'assemblyscript', 'package.json')));
  for (const name of readdirSync(sources)
    .filter((file) => file.endsWith('.ts'))
    .sort()) {
    hash.update(`\n${name}\n`).update(readFileSync(join(sources, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

/** Builds what is not up to date; returns whether anything was written. */
export function buildWasm() {
  return modules.map(([folder, name]) => buildModule(folder, name)).includes(true);
}

function buildModule(folder, name) {
  const sources = join(root, folder, 'assembly');
  const target = join(root, folder, 'binary.generated.ts');
  const made = `// Made by tools/house/build-wasm.mjs from ${folder}/assembly`;
  const mark = `${made} (${fingerprint(sources)}). Do not edit.\n`;
  if (existsSync(target) && readFileSync(target, 'utf8').startsWith(mark)) return false;
  const scratch = mkdtempSync(join(tmpdir(), 'myrmex-wasm-'));
  try {
    const output = join(scratch, 'kernels.wasm');
    execFileSync(process.execPath, [compiler, join(sources, 'index.ts'), ...flags, '--outFile', output], {
      stdio: ['ignore', 2, 2],
    });
    const binary = readFileSync(output);
    const text = `${mark}export const ${name} =\n  '${binary.toString(encoding)}';\n`;
    // Written aside and renamed: a test that starts meanwhile sees the old file or the new one, never half of it.
    const half = join(dirname(target), `.binary.${process.pid}.half`);
    writeFileSync(half, text);
    renameSync(half, target);
    console.error(`${folder}: ${binary.length} bytes`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildWasm();
