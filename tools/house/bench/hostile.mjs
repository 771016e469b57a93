// `npm run bench:hostile [-- --windows N --seconds S --json]`: what 5,000 hostile messages a second do to the latency
// of a gateway from sample to decision.
import { runBench } from './program.mjs';

runBench(new URL('../../bench/hostile-load.ts', import.meta.url));
