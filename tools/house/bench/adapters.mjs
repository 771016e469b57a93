// `npm run bench:adapters [-- KWS.tflite]`: what a pool of 1,024 adapters takes, how long a switch, and whether memory
// grows.
import { runBench } from './program.mjs';

runBench(new URL('../../bench/adapter-pool.ts', import.meta.url));
