// `npm run bench:robust [-- SEEDS]`: what liars cost honest learners, by attack and defence.
import { runBench } from './program.mjs';

runBench(new URL('../../bench/robust.ts', import.meta.url));
