import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { floors, root, type SourceFile, sources } from './tree.ts';

const LINE_LENGTH_MAX = 120;
/** Their results differ between builds of V8 and libm; kernels/math has our own (DESIGN §2, "Deterministic"). */
const BANNED_MATH = new RegExp(
  [
    String.raw`\bMath\.(exp|expm1|log|log1p|log2|log10|pow|cbrt|hypot|random)\b`,
    String.raw`\bMath\.(a?sin|a?cos|a?tan|atan2|a?sinh|a?cosh|a?tanh)\b`,
    String.raw`\*\*(?!/)`,
  ].join('|'),
);
/** Time and chance are arguments on these floors. */
const AMBIENT =
  /\bDate\.now\b|\bnew Date\(\)|\bperformance\.|\bMath\.random\b|\bsetTimeout\b|\bsetInterval\b|\bprocess\./;
const PACKAGES: Readonly<Record<string, RegExp>> = {
  kernels: /^flatbuffers$/,
  protocols: /^(typebox(\/.*)?|cbor-x(\/.*)?)$/,
  boards: /^typebox(\/.*)?$/,
};
/** Files outside firmware/io that may touch Node: the program itself, its command line and the worker's entry. */
const FIRMWARE_EDGES = /^firmware\/(io\/|main\.ts$|cli[^/]*\.ts$|worker\/main\.ts$)/;
/** Where reading starts: programs, tests, and the scripts that package.json or a document names. */
const ENTRY = new RegExp(
  [
    String.raw`^(firmware|firmware/worker|tools)/main\.ts$`,
    String.raw`^tools/(house/([^/]+/)?[^/]+\.mjs|make-[^/]+\.ts)$`,
    String.raw`^test/.*\.test\.ts$`,
    String.raw`^test/(arm|cut|fuzz)/main\.ts$`,
  ].join('|'),
);

const tree = sources();
const byPath = new Map(tree.map((file) => [file.path, file]));

/** Lines "path: what" of every file for which the rule has something to say. */
const offences = (rule: (file: SourceFile) => readonly string[]): string =>
  tree.flatMap((file) => rule(file).map((what) => `${file.path}: ${what}`)).join('\n');

const matchesIn = (file: SourceFile, pattern: RegExp): readonly string[] =>
  file.code.split('\n').flatMap((line, at) => (pattern.test(line) ? [`line ${at + 1}: ${line.trim()}`] : []));

/** Every file that can be reached by imports from the entries that pass the filter. */
const reachedFrom = (starts: (file: SourceFile) => boolean): ReadonlySet<string> => {
  const reached = new Set<string>();
  const walk = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const next of byPath.get(path)?.imports ?? []) walk(next);
  };
  for (const file of tree) if (ENTRY.test(file.path) && starts(file)) walk(file.path);
  return reached;
};

const tidy = suite('tidy');

tidy('imports only go down the floors', () => {
  const upward = offences((file) =>
    file.imports.filter((path) => !floors[file.floor].some((floor) => path.startsWith(`${floor}/`))),
  );
  assert.is(upward, '');
});

tidy('every import of a file names a file that is there', () => {
  const missing = offences((file) =>
    file.imports.filter((path) => path.endsWith('.ts') && !byPath.has(path) && !path.endsWith('.generated.ts')),
  );
  assert.is(missing, '');
});

tidy('no loop of imports', () => {
  const state = new Map<string, 'open' | 'done'>();
  const loops: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      loops.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
      return;
    }
    state.set(path, 'open');
    for (const next of byPath.get(path)?.imports ?? []) if (byPath.has(next)) visit(next, [...trail, path]);
    state.set(path, 'done');
  };
  for (const file of tree) visit(file.path, []);
  assert.is(loops.join('\n'), '');
});

tidy('no dead file: every source is reached from a program, a script or a test', () => {
  const reached = reachedFrom(() => true);
  const dead = tree.map((file) => file.path).filter((path) => !reached.has(path) && !path.endsWith('.d.ts'));
  assert.is(dead.join('\n'), '');
});

tidy('what ships is reached from a program, not only from a test', () => {
  const reached = reachedFrom((file) => file.floor !== 'test');
  // A reference twin exists to be compared with.
  const islands = tree
    .filter((file) => file.floor !== 'test' && !reached.has(file.path))
    .map((file) => file.path)
    .filter((path) => !path.endsWith('.d.ts') && !path.includes('/reference'));
  assert.is(islands.join('\n'), '');
});

tidy('no line is longer than the page', () => {
  const long = offences((file) =>
    file.text
      .split('\n')
      .flatMap((line, at) => (line.length > LINE_LENGTH_MAX ? [`line ${at + 1}: ${line.length}`] : [])),
  );
  assert.is(long, '');
});

tidy('no any, no silenced type error, no default export, no unfinished mark', () => {
  const marks = new RegExp(['TO', 'DO\\b|FIX', 'ME\\b|\\bXX', 'X\\b'].join(''));
  const pattern = /\bas any\b|:\s*any\b|<any>|@ts-(ignore|expect-error|nocheck)|\bexport default\b/;
  const unfinished = (file: SourceFile): readonly string[] =>
    file.path.startsWith('test/house/')
      ? []
      : file.text
          .split('\n')
          .flatMap((line, at) => (pattern.test(line) || marks.test(line) ? [`line ${at + 1}: ${line.trim()}`] : []));
  assert.is(offences(unfinished), '');
});

tidy('kernels use no function whose bits differ between machines', () => {
  assert.is(
    offences((file) => (file.floor === 'kernels' ? matchesIn(file, BANNED_MATH) : [])),
    '',
  );
});

tidy('kernels, protocols and boards take time and chance as arguments', () => {
  const pure = (file: SourceFile): boolean => Object.hasOwn(PACKAGES, file.floor);
  assert.is(
    offences((file) => (pure(file) ? matchesIn(file, AMBIENT) : [])),
    '',
  );
});

tidy('packages and Node stay where they belong', () => {
  const strangers = (file: SourceFile): readonly string[] => {
    const allowed = PACKAGES[file.floor];
    if (allowed !== undefined) return file.packages.filter((name) => !allowed.test(name));
    if (file.floor !== 'firmware' || FIRMWARE_EDGES.test(file.path)) return [];
    return file.packages.filter((name) => !/^typebox/.test(name));
  };
  assert.is(offences(strangers), '');
});

tidy('a test never waits on the clock', () => {
  const waits = (file: SourceFile): readonly string[] =>
    file.path.endsWith('.test.ts') ? matchesIn(file, /\bsetTimeout\(\s*(resolve|done|\(\)\s*=>\s*resolve)/) : [];
  assert.is(offences(waits), '');
});

tidy('the data sets are not copied into the project', () => {
  const listed = readFileSync(join(root, '.gitignore'), 'utf8');
  assert.ok(listed.includes('node_modules/'));
  const copies = tree.filter((file) => /gas_drift|har_hapt|cwru_de12|elec2/.test(file.path)).map((file) => file.path);
  assert.equal(copies, []);
});

tidy.run();
