// The process in which TensorFlow Lite's native engine lives: one isolate, one thread, one model; it may crash without
// harm. Started with the path of the addon; answers requests of standard input on standard output and ends with it.
import { readSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { HEADER_BYTES, type NativeEnds, Reply, Request } from './protocol.ts';

interface AddonTensor {
  /** A view that stays; copied from and to TFLite at `infer`. */
  data(): ArrayBufferView;
}

interface AddonInterpreter {
  getInputs(): readonly AddonTensor[];
  getOutputs(): readonly AddonTensor[];
  infer(): boolean;
}

interface Addon {
  /** Takes nothing but an ArrayBuffer, and dies without the options. */
  readonly Interpreter: new (
    model: ArrayBuffer,
    options: { readonly threads: number },
  ) => AddonInterpreter;
}

const bytesOf = (tensors: readonly AddonTensor[]): Uint8Array[] =>
  tensors.map((tensor) => {
    const data = tensor.data();
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  });

/** Fills `bytes` from standard input; false when the other side has closed it. */
const receive = (bytes: Uint8Array): boolean => {
  for (let at = 0; at < bytes.length; ) {
    const count = readSync(0, bytes, at, bytes.length - at, null);
    if (count === 0) return false;
    at += count;
  }
  return true;
};

const send = (bytes: Uint8Array): void => {
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
};

const answer = (what: number, bytes: Uint8Array): void => {
  send(new Uint8Array(Uint32Array.of(what, bytes.length).buffer));
  send(bytes);
};

const serve = (path: string): void => {
  const header = new Uint32Array(HEADER_BYTES / 4);
  let addon: Addon | null = null;
  let model: AddonInterpreter | null = null;
  let [inputs, outputs]: [Uint8Array[], Uint8Array[]] = [[], []];
  const load = (bytes: Uint8Array): void => {
    model = new addon!.Interpreter(bytes.buffer as ArrayBuffer, { threads: 1 });
    [inputs, outputs] = [bytesOf(model.getInputs()), bytesOf(model.getOutputs())];
    const ends: NativeEnds = {
      inputs: inputs.map(({ length }) => length),
      outputs: outputs.map(({ length }) => length),
    };
    answer(Reply.done, Buffer.from(JSON.stringify(ends)));
  };
  const infer = (): void => {
    model!.infer();
    const bytes = outputs.reduce((sum, { length }) => sum + length, 0);
    send(new Uint8Array(Uint32Array.of(Reply.done, bytes).buffer));
    for (const output of outputs) send(output);
  };
  const time = (calls: number): void => {
    const started = process.hrtime.bigint();
    for (let count = 0; count < calls; count++) model!.infer();
    const ns = Number(process.hrtime.bigint() - started);
    answer(Reply.done, new Uint8Array(Float64Array.of(ns).buffer));
  };
  while (receive(new Uint8Array(header.buffer))) {
    const [what, length] = [header[0]!, header[1]!];
    try {
      if (what === Request.infer) {
        for (const input of inputs) receive(input);
        infer();
        continue;
      }
      const bytes = new Uint8Array(length);
      if (!receive(bytes)) return;
      addon ??= createRequire(import.meta.url)(path) as Addon;
      if (what === Request.load) load(bytes);
      else time(new Uint32Array(bytes.buffer)[0]!);
    } catch (error) {
      answer(
        addon === null ? Reply.unusable : Reply.refused,
        Buffer.from(String(error instanceof Error ? error.message : error)),
      );
    }
  }
};

serve(process.argv[2]!);
