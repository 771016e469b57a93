// `npm run bench:shapes [-- ROUNDS --json]`: what a multiply-add costs in layers of general shapes.
import { runBench } from './program.mjs';

runBench(new URL('../../bench/shapes.ts', import.meta.url));
