import { ModelError, type ModelErrorCode } from '../../kernels/errors.ts';
import { type AdapterSet, createInterpreter, type Interpreter } from '../../kernels/interpreter.ts';
import type { ModelLimits } from '../../kernels/limits.ts';
import type { OperatorRegistry } from '../../kernels/ops/operator.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import type { WasmEngine } from '../../kernels/wasm/engine.ts';
import type { Mutant } from './mutant.ts';

/** What must not happen; the message says what did. */
export class Finding extends Error {}

export interface Bench {
  readonly limits: ModelLimits;
  readonly operators: OperatorRegistry;
  /** Such as the compiled kernels and their plain twins: all must come to the same. */
  readonly engines: readonly WasmEngine[];
}

export type Outcome = 'accepted' | ModelErrorCode;

/**
 * Reads a mutant, prepares it and runs it once. Only two ends are right: it runs, with the same results in every
 * engine and within the memory it may take, or it is refused with a code.
 *
 * @throws Finding on any other end
 */
export function tryMutant({ bytes, draw }: Mutant, bench: Bench): Outcome {
  const numerics = draw.chance(0.7) ? 'fp32-rne' : 'reference';
  const keepActivations = draw.chance(0.3);
  const { limits, operators } = bench;
  const withAdapters = numerics === 'fp32-rne' && draw.chance(0.3);
  const inputSeed = draw.below(2 ** 31);
  const results = bench.engines.map((engine): End => {
    const mark = engine.usedBytes;
    try {
      const made = refusalOr(() =>
        createInterpreter(readModel(bytes, limits), { engine, limits, operators, numerics, keepActivations }),
      );
      if (typeof made === 'string') {
        if (engine.usedBytes !== mark)
          throw new Finding(`refused as ${made}, but ${engine.usedBytes - mark} bytes stay`);
        return made;
      }
      const taken = engine.usedBytes - mark;
      if (taken > limits.arenaBytesMax) throw new Finding(`took ${taken} bytes of ${limits.arenaBytesMax}`);
      // Adapters come on top of the arena, and may be refused for that.
      const adapters = withAdapters ? refusalOr(() => made.createAdapterSet({ rank: 2, scaling: 1 })) : undefined;
      return typeof adapters === 'string' ? adapters : run(made, adapters, inputSeed);
    } finally {
      engine.release(mark);
    }
  });
  const [first, ...others] = results;
  for (const other of others) requireSame(first!, other);
  return typeof first === 'string' ? first : 'accepted';
}

function requireSame(one: End, other: End): void {
  if (typeof one === 'string' || typeof other === 'string') {
    if (one === other) return;
    throw new Finding(`one engine: ${nameOf(one)}, another engine: ${nameOf(other)}`);
  }
  one.forEach((output, index) => {
    if (!Buffer.from(output).equals(other[index]!)) throw new Finding(`output ${index} differs between two engines`);
  });
}

/** The code of a refusal, or the bytes of every output. */
type End = ModelErrorCode | Uint8Array[];

const nameOf = (end: End): string => (typeof end === 'string' ? end : 'accepted');

function refusalOr<T>(attempt: () => T): T | ModelErrorCode {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof ModelError && typeof error.code === 'string' && error.message !== '') return error.code;
    throw new Finding(`neither accepted nor refused: ${stackOf(error)}`);
  }
}

/** One inference on random bytes: also what is no number, where a tensor is float32. */
function run(interpreter: Interpreter, adapters: AdapterSet | undefined, seed: number): Uint8Array[] {
  let state = seed;
  for (const { data } of interpreter.inputs) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let at = 0; at < bytes.length; at++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      bytes[at] = state >>> 24;
    }
  }
  try {
    interpreter.invoke(adapters);
  } catch (error) {
    throw new Finding(`an accepted model fails when it runs: ${stackOf(error)}`);
  }
  return interpreter.outputs.map(({ data }) => {
    // All that is no number counts as one: its bits are free.
    const copy = data instanceof Float32Array ? data.map((value) => (Number.isNaN(value) ? 0 : value)) : data.slice();
    return new Uint8Array(copy.buffer);
  });
}

const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 4).join(' ') : String(error);
