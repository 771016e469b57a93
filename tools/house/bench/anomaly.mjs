// `npm run bench:anomaly [-- SEED ...]`: what learning without labels is worth, on the simulated pump of these seeds or
// on a recording of yours (`--recording R.csv --train SEGMENTS`). Prints a table; docs/learning-anomaly.md reads it.
import { runBench } from './program.mjs';

runBench(new URL('../../bench/anomaly.ts', import.meta.url));
