// `npm run bench:learning [-- ROUNDS]`: what one gradient step takes, compiled and plain.
import { runBench } from './program.mjs';

runBench(new URL('../../bench/learning.ts', import.meta.url));
