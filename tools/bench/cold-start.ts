// One cold start, for tools/house/bench/cold.mjs: prints the milliseconds of compiling the kernels, of reading and
// verifying a model, of preparing it, and of its first inference.
import { readFileSync } from 'node:fs';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';

const bytes = readFileSync(process.argv[2]!);
const moments = [performance.now()];
const engine = createEngine();
moments.push(performance.now());
const model = readModel(bytes, limits);
moments.push(performance.now());
const interpreter = createInterpreter(model, { engine, limits, keepActivations: false });
moments.push(performance.now());
interpreter.invoke();
moments.push(performance.now());
const steps = moments.slice(1).map((moment, at) => moment - moments[at]!);
process.stdout.write(`${JSON.stringify(steps)}\n`);
