import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { EngineError, ModelError } from '../../kernels/errors.ts';
import type { InferenceEngine, RunnableModel } from '../../kernels/inference-engine.ts';
import { type TensorView, viewTensor } from '../../kernels/tensor-view.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { tensorBytes } from '../../kernels/tflite/tensor-type.ts';
import { elementsOf } from '../../kernels/tflite/verify.ts';
import { Channel } from './native/channel.ts';
import { type NativeEnds, Reply, Request } from './native/protocol.ts';
import { requireNativeSuits } from './native/suits.ts';

const ADDON = '@tensorflow/tfjs-tflite-node/build/Release/node_tflite_binding.node';
/** A process, the addon and the model's preparation, on the slowest board. */
const LOAD_MS_MAX = 15_000;
const INVOKE_MS_MAX = 5_000;
const TIME_MS_MAX = 120_000;
/** V8 has little to do there. */
const CHILD_FLAGS = ['--max-old-space-size=32', '--max-semi-space-size=1'];
const ALIGNMENT = 16;

/** Resident memory of the process: Node.js, the addon (48 MB are measured), and a model of some megabytes. */
export const NATIVE_ENGINE_BYTES = 96 * 1024 * 1024;

/** Path of the native addon, or null where the optional package is not installed or was not built. */
export const findNativeAddon = (): string | null => {
  try {
    return createRequire(import.meta.url).resolve(ADDON);
  } catch {
    return null;
  }
};

/**
 * TensorFlow Lite's own kernels, from the optional package, in a process of their own: it reads models less carefully
 * than we do and rounds differently from processor to processor.
 *
 * @param addon path of the addon; the installed one unless told otherwise
 * @param invokeMsMax how long one inference may take
 * @throws EngineError `engineUnavailable` where it is absent
 */
export const openNativeEngine = (addon = findNativeAddon(), invokeMsMax = INVOKE_MS_MAX): InferenceEngine => {
  if (addon === null) {
    const mend = 'npm install builds it where a compiler is (g++, make, python3)';
    throw new EngineError(`the optional package @tensorflow/tfjs-tflite-node is not installed: ${mend}`, null);
  }
  return {
    name: 'native',
    numerics: 'tflite-builtin',
    load(bytes, limits) {
      const model = readModel(bytes, limits);
      requireNativeSuits(model);
      const channel = Channel.start(process.execPath, [...CHILD_FLAGS, ...childProgram(), addon]);
      try {
        return run(channel, model, handOver(channel, bytes), invokeMsMax);
      } catch (error) {
        channel.close();
        throw error;
      }
    },
  };
};

/** The child's program: among the sources, beside the bundle, or above one of its chunks. */
const childProgram = (): string[] => {
  if (import.meta.url.endsWith('.ts')) {
    return ['--import', import.meta.resolve('tsx'), fileURLToPath(new URL('./native/child.ts', import.meta.url))];
  }
  const beside = fileURLToPath(new URL('./myrmex-native.js', import.meta.url));
  return [existsSync(beside) ? beside : fileURLToPath(new URL('../myrmex-native.js', import.meta.url))];
};

const handOver = (channel: Channel, bytes: Uint8Array): NativeEnds => {
  const { what, length } = channel.ask(Request.load, bytes, LOAD_MS_MAX);
  const text = new Uint8Array(length);
  channel.receive(text, INVOKE_MS_MAX);
  const said = Buffer.from(text).toString();
  if (what === Reply.done) return JSON.parse(said) as NativeEnds;
  if (what === Reply.unusable) throw new EngineError(`the native engine cannot be loaded here: ${said.trim()}`, null);
  throw new ModelError('unsupportedModel', `the native engine refuses the model (${said.trim()}): run it on "wasm"`);
};

const run = (channel: Channel, model: TfliteModel, ends: NativeEnds, invokeMsMax: number): RunnableModel => {
  const inputs = new Ends(model, model.subgraph.inputs, ends.inputs);
  const outputs = new Ends(model, model.subgraph.outputs, ends.outputs);
  const count = new Uint32Array(1);
  const countBytes = new Uint8Array(count.buffer);
  const ns = new Float64Array(1);
  const nsBytes = new Uint8Array(ns.buffer);
  const ask = (request: number, bytes: Uint8Array, reply: Uint8Array, msMax: number): void => {
    const { what, length } = channel.ask(request, bytes, msMax);
    if (what !== Reply.done || length !== reply.length) {
      channel.close();
      throw new EngineError('the native engine failed to run the model: run it on "wasm"', null, 'engineFailed');
    }
    channel.receive(reply, msMax);
  };
  const invoke = (): void => {
    ask(Request.infer, inputs.pack(), outputs.packed, invokeMsMax);
    outputs.unpack();
  };
  return {
    inputs: inputs.views,
    outputs: outputs.views,
    invoke,
    timeNs: (calls) => {
      count[0] = calls;
      ask(Request.time, countBytes, nsBytes, TIME_MS_MAX);
      return ns[0]!;
    },
    close: () => channel.close(),
  };
};

/** All inputs or all outputs: as tensors, and as they travel. */
class Ends {
  readonly views: readonly TensorView[];
  readonly packed: Uint8Array;
  private readonly parts: readonly { readonly of: Uint8Array; readonly at: Uint8Array }[];

  constructor(model: TfliteModel, tensors: readonly number[], lengths: readonly number[]) {
    const aligned = lengths.map((length) => Math.ceil(length / ALIGNMENT) * ALIGNMENT);
    const memory = new ArrayBuffer(aligned.reduce((sum, length) => sum + length, 0));
    let [next, at] = [0, 0];
    this.packed = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
    const parts: { of: Uint8Array; at: Uint8Array }[] = [];
    this.views = tensors.map((tensor, index) => {
      const described = model.subgraph.tensors[tensor]!;
      const length = tensorBytes(described.type, elementsOf(described));
      if (length !== lengths[index]) {
        throw new ModelError('unsupportedModel', 'the native engine sees other inputs or outputs: run it on "wasm"');
      }
      parts.push({ of: new Uint8Array(memory, next, length), at: this.packed.subarray(at, at + length) });
      const view = viewTensor(described, memory, next);
      next += aligned[index]!;
      at += length;
      return view;
    });
    this.parts = parts;
  }

  pack(): Uint8Array {
    for (const { of, at } of this.parts) at.set(of);
    return this.packed;
  }

  unpack(): void {
    for (const { of, at } of this.parts) of.set(at);
  }
}
