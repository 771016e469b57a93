import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInThisContext } from 'node:vm';
import { monotonicNs, timedBy } from '../../model/measure/sampler.ts';
import { type Peer, peerRequire } from './peer.ts';

interface Buffer {
  delete(): void;
}

interface Tensor {
  readonly liteRtTensorBuffer: Buffer;
  toTypedArray(): Int8Array;
  delete(): void;
}

interface Compiled {
  run(input: Tensor): Promise<Tensor[]>;
  readonly defaultSignature: {
    readonly liteRtCompiledModel: { run(signature: number, inputs: readonly Buffer[]): Buffer[] };
  };
}

interface LiteRt {
  loadLiteRt(folder: string): Promise<unknown>;
  loadAndCompile(model: Uint8Array, options: { accelerator: 'wasm' }): Promise<Compiled>;
  readonly Tensor: new (data: Int8Array, shape: readonly number[]) => Tensor;
}

const TYPES = 'var DATATYPES = Object.freeze([';
const INT8 = "{ dtype: 'int8', typedArrayConstructor: Int8Array, elementType: ElementType.INT8 },";
const SCRIPT = 'litert_wasm_compat_internal';

/**
 * LiteRT in wasm SIMD. Its table of element types lacks int8, which a copy of its module gets; it expects a browser,
 * whose few words it is given; and what is timed is its compiled model, below the promises of its interface.
 */
export async function openLiteRt(): Promise<Peer> {
  const entry = peerRequire.resolve('@litertjs/core');
  const source = readFileSync(entry, 'utf8');
  if (!source.includes(TYPES)) throw new Error('this version of @litertjs/core is not the one that is known here');
  const copy = join(dirname(entry), 'index-int8.js');
  writeFileSync(copy, source.replace(TYPES, TYPES + INT8));
  const folder = join(dirname(entry), '..', 'wasm/');
  pretendBrowser(folder);
  const { loadLiteRt, loadAndCompile, Tensor } = (await import(pathToFileURL(copy).href)) as LiteRt;
  await quietly(() => loadLiteRt(folder));
  return {
    name: 'LiteRT wasm',
    load: async (model, { input: shape }) => {
      const compiled = await quietly(() => loadAndCompile(new Uint8Array(model), { accelerator: 'wasm' }));
      const elements = shape.reduce((product, size) => product * size, 1);
      let tensor = new Tensor(new Int8Array(elements), shape);
      const native = compiled.defaultSignature.liteRtCompiledModel;
      const outputOf = (): Tensor[] => native.run(0, [tensor.liteRtTensorBuffer]).map(asTensor);
      const asTensor = (buffer: Buffer): Tensor => Reflect.construct(Tensor, [buffer]) as Tensor;
      return {
        run: (values) => {
          tensor.delete();
          tensor = new Tensor(values, shape);
          const outputs = outputOf();
          const values0 = outputs[0]!.toTypedArray().slice();
          for (const output of outputs) output.delete();
          return values0;
        },
        timed: timedBy(monotonicNs, () => {
          for (const output of native.run(0, [tensor.liteRtTensorBuffer])) output.delete();
        }),
        close: () => {},
      };
    },
  };
}

/** What its loader looks for in a page: a way to run a script, and the module's settings. */
function pretendBrowser(folder: string): void {
  const wasmBinary = readFileSync(join(folder, `${SCRIPT}.wasm`));
  const silent = (): void => {};
  const importScripts = (path: string): void =>
    void runInThisContext(`${readFileSync(path, 'utf8')}\n;globalThis.ModuleFactory = ModuleFactory;`);
  Object.assign(globalThis, {
    self: globalThis,
    require: peerRequire,
    __dirname: folder,
    __filename: join(folder, `${SCRIPT}.js`),
    importScripts,
    Module: { wasmBinary, print: silent, printErr: silent },
  });
}

/** It complains on the console about a graphics card that nobody asked for. */
async function quietly<T>(task: () => Promise<T>): Promise<T> {
  const { error, warn, log } = console;
  const silent = (): void => {};
  Object.assign(console, { error: silent, warn: silent, log: silent });
  try {
    return await task();
  } finally {
    Object.assign(console, { error, warn, log });
  }
}
