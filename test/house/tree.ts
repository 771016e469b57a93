import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** The floors of docs/ARCHITECTURE.md, and which of them each may import. */
export const floors = {
  kernels: ['kernels'],
  protocols: ['protocols'],
  boards: ['boards'],
  firmware: ['firmware', 'kernels', 'protocols', 'boards'],
  tools: ['tools', 'firmware', 'kernels', 'protocols', 'boards'],
  test: ['test', 'tools', 'firmware', 'kernels', 'protocols', 'boards'],
} as const;

export type Floor = keyof typeof floors;

export interface SourceFile {
  /** Path from the checkout's folder, with forward slashes. */
  readonly path: string;
  readonly floor: Floor;
  readonly text: string;
  /** Source without comments, so that prose about a banned word is not the word. */
  readonly code: string;
  /** Paths of the files of this checkout that it imports. */
  readonly imports: readonly string[];
  /** Packages and Node modules that it imports. */
  readonly packages: readonly string[];
}

/** The word before the quote, and not itself in quotes: `'from' in part && 'to' in part` imports nothing. */
const IMPORT = /(?:(?<!['"])\bfrom\s*|\bimport\s*\(\s*|\bimport\s+|new URL\(\s*)(['"])([^'"\n]+)\1/g;

/** AssemblyScript is another language, but for the file of constants that it shares with the TypeScript. */
const NOT_OURS = /\.generated\.ts$|^(kernels\/wasm|tools\/train)\/assembly\/(?!records\.ts$)|\/node_modules\//;

const withoutComments = (text: string): string =>
  text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''))
    .replace(/(^|[^:'"`\\])\/\/[^\n]*/g, '$1');

const read = (floor: Floor, path: string): SourceFile => {
  const text = readFileSync(join(root, path), 'utf8');
  const code = withoutComments(text);
  const specifiers = [...code.matchAll(IMPORT)].map((match) => match[2] ?? '');
  const local = specifiers.filter((name) => name.startsWith('.') && /\.(ts|mjs)$/.test(name));
  return {
    path,
    floor,
    text,
    code,
    imports: local.map((name) => relative(root, join(root, dirname(path), name))),
    packages: specifiers.filter((name) => !name.startsWith('.') && !name.startsWith('/')),
  };
};

/** Every TypeScript and plain JavaScript source of the floors; not generated files, nor AssemblyScript. */
export const sources = (): readonly SourceFile[] =>
  (Object.keys(floors) as Floor[]).flatMap((floor) =>
    readdirSync(join(root, floor), { recursive: true, encoding: 'utf8' })
      .map((name) => join(floor, name))
      .filter((path) => /\.(ts|mjs)$/.test(path) && !NOT_OURS.test(path))
      .sort()
      .map((path) => read(floor, path)),
  );
