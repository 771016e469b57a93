// `npm run bench:sites`: sites joined by bridges.
import { runBench } from './program.mjs';

runBench(new URL('../../bench/sites.ts', import.meta.url));
