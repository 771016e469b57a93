// Compiles the hot loops, the engine's (kernels/wasm/assembly) and the trainer's (tools/train/assembly), to WebAssembly
// and embeds each as binary.generated.ts beside its folder, so that sources run as they are; in the bundles the engine
// is a file of its own (rollup.config.js), without what only the desk calls. Does nothing when the
// sources have not changed. Talks on standard error only.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** Folder of each module, the name of the function that gives its bytes, and its entry where that is not index.ts. */
const modules = [
  ['kernels/wasm', 'engineBinary'],
  ['kernels/wasm', 'engineBinary', 'node'],
  ['tools/train', 'trainerBinary'],
];
const compiler = join(root, 'node_modules', 'assemblyscript', 'bin', 'asc.js');
const flags = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--importMemory', '--noExportMemory'];
const encoding = 'base64';

/** Fingerprint of all that decides the file: sources, flags, encoding, compiler version. */
function fingerprint(sources) {
  const hash = createHash('sha256').update([...flags, encoding, 'decoded by a loop'].join(' '));
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
  return modules.map((module) => buildModule(...module)).includes(true);
}

function buildModule(folder, name, entry = 'index') {
  const sources = join(root, folder, 'assembly');
  const target = join(root, folder, `${entry === 'index' ? '' : `${entry}-`}binary.generated.ts`);
  const made = `// Made by tools/house/build-wasm.mjs from ${folder}/assembly`;
  const mark = `${made} (${fingerprint(sources)}). Do not edit.\n`;
  if (existsSync(target) && readFileSync(target, 'utf8').startsWith(mark)) return false;
  const scratch = mkdtempSync(join(tmpdir(), 'myrmex-wasm-'));
  try {
    const output = join(scratch, 'kernels.wasm');
    execFileSync(process.execPath, [compiler, join(sources, `${entry}.ts`), ...flags, '--outFile', output], {
      stdio: ['ignore', 2, 2],
    });
    const binary = readFileSync(output);
    const text = `${mark}export const ${name} = (): Uint8Array<ArrayBuffer> => {
  const text = atob('${binary.toString(encoding)}');
  const bytes = new Uint8Array(text.length);
  // A function called for each character of 40,000 takes 5 ms of a start.
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
};
`;
    // Written aside and renamed: a test that starts meanwhile sees the old file or the new one, never half of it.
    const half = join(dirname(target), `.${entry}.${process.pid}.half`);
    writeFileSync(half, text);
    renameSync(half, target);
    console.error(`${folder}, ${entry}: ${binary.length} bytes`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildWasm();
