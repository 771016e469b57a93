// `npm run bench:million [-- WINDOWS]`: whether memory stays flat over a million windows.
import { runBench } from './program.mjs';

runBench(new URL('../../bench/million-windows.ts', import.meta.url));
