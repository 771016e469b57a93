import { createHash, type Hash } from 'node:crypto';
import { ModelError } from '../../kernels/errors.ts';
import { type AdapterSet, createInterpreter, type Interpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import type { Numerics } from '../../kernels/numerics.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import type { WasmEngine } from '../../kernels/wasm/engine.ts';
import { seeded } from '../support/models.ts';

const INPUTS = 6;
const ADAPTER_RANK = 2;
const NUMERICS: readonly Numerics[] = ['fp32-rne', 'reference'];

/** SHA-256, hexadecimal, of what became of one model in one engine. */
export interface Golden {
  /** Over all outputs in both numerics, or over the refusals. */
  readonly frozen: string;
  /** The same with adapters at every adapter point; empty where the engine has none. */
  readonly adapted: string;
}

/** Runs a model on seeded inputs and hashes every bit that comes out. */
export function goldenOf(file: Uint8Array, engine: WasmEngine): Golden {
  const [frozen, adapted] = [createHash('sha256'), createHash('sha256')];
  let points = 0;
  for (const numerics of NUMERICS) {
    const mark = engine.usedBytes;
    try {
      const interpreter = createInterpreter(readModel(file, limits), {
        engine,
        limits,
        numerics,
        keepActivations: false,
      });
      hashRuns(interpreter, frozen, undefined);
      points += interpreter.adapterPoints.length;
      if (numerics === 'fp32-rne') hashRuns(interpreter, adapted, randomAdapters(interpreter));
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      frozen.update(`${error.code}\n`);
    }
    engine.release(mark);
  }
  return { frozen: frozen.digest('hex'), adapted: points === 0 ? '' : adapted.digest('hex') };
}

function randomAdapters(interpreter: Interpreter): AdapterSet | undefined {
  if (interpreter.adapterPoints.length === 0) return undefined;
  const random = seeded(2);
  const adapters = interpreter.createAdapterSet({ rank: ADAPTER_RANK, scaling: 0.5 });
  for (const { loraA, loraAScale, loraB, bias } of adapters.points) {
    for (let index = 0; index < loraA.length; index++) loraA[index] = Math.floor(random() * 255) - 127;
    loraAScale.fill(0.01);
    for (const factors of [loraB, bias]) {
      for (let index = 0; index < factors.length; index++) factors[index] = (random() - 0.5) * 0.1;
    }
  }
  return adapters;
}

function hashRuns(interpreter: Interpreter, hash: Hash, adapters: AdapterSet | undefined): void {
  const random = seeded(1);
  interpreter.resetState();
  for (let round = 0; round < INPUTS; round++) {
    for (const { data } of interpreter.inputs) fill(data, random);
    interpreter.invoke(adapters);
    for (const { data } of interpreter.outputs) hash.update(bytesOf(data));
  }
}

function fill(data: Interpreter['inputs'][number]['data'], random: () => number): void {
  for (let index = 0; index < data.length; index++) {
    // Whole numbers wrap into their types; float32 gets what sensors give.
    data[index] = data instanceof Float32Array ? (random() - 0.5) * 8 : Math.floor(random() * 65_536);
  }
}

/** What is no number has other bits on every processor, and none of them mean anything. */
function bytesOf(data: Interpreter['outputs'][number]['data']): Uint8Array {
  const copy = data instanceof Float32Array ? data.map((value) => (Number.isNaN(value) ? 0 : value)) : data.slice();
  return new Uint8Array(copy.buffer);
}
