import { createHash } from 'node:crypto';
import { ModelError } from '../../kernels/errors.ts';
import { createInterpreter, type Interpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import type { Numerics } from '../../kernels/numerics.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import type { WasmEngine } from '../../kernels/wasm/engine.ts';
import { seeded } from '../support/models.ts';

const INPUTS = 6;
const ADAPTER_RANK = 2;
const NUMERICS: readonly Numerics[] = ['fp32-rne', 'reference'];

/** What became of one model in one engine. */
export interface Golden {
  /** SHA-256, hexadecimal, over all outputs in both numerics, with adapters and without; or of the refusals. */
  readonly sha256: string;
  readonly runs: number;
}

/** Runs a model on seeded inputs and hashes every bit that comes out. */
export function goldenOf(file: Uint8Array, engine: WasmEngine): Golden {
  const hash = createHash('sha256');
  let runs = 0;
  for (const numerics of NUMERICS) {
    const mark = engine.usedBytes;
    try {
      const interpreter = createInterpreter(readModel(file, limits), {
        engine,
        limits,
        numerics,
        keepActivations: false,
      });
      runs += hashRuns(interpreter, hash);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      hash.update(`${error.code}\n`);
    }
    engine.release(mark);
  }
  return { sha256: hash.digest('hex'), runs };
}

function hashRuns(interpreter: Interpreter, hash: { update(bytes: Uint8Array): unknown }): number {
  const random = seeded(1);
  const adaptable = interpreter.numerics === 'fp32-rne' && interpreter.adapterPoints.length > 0;
  const adapters = adaptable ? interpreter.createAdapterSet({ rank: ADAPTER_RANK, scaling: 0.5 }) : undefined;
  for (const { loraA, loraAScale, loraB, bias } of adapters?.points ?? []) {
    loraA.forEach((_, index) => {
      loraA[index] = Math.floor(random() * 255) - 127;
    });
    loraAScale.fill(0.01);
    for (const factors of [loraB, bias]) {
      factors.forEach((_, index) => {
        factors[index] = (random() - 0.5) * 0.1;
      });
    }
  }
  let runs = 0;
  for (const active of adapters === undefined ? [undefined] : [undefined, adapters]) {
    interpreter.resetState();
    for (let round = 0; round < INPUTS; round++, runs++) {
      for (const { data } of interpreter.inputs) fill(data, random);
      interpreter.invoke(active);
      for (const { data } of interpreter.outputs) hash.update(bytesOf(data));
    }
  }
  return runs;
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
