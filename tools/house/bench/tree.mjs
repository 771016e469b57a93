// `npm run bench:tree`: one publishes to many, over relays that die, lose and lag.
import { runBench } from './program.mjs';

runBench(new URL('../../bench/tree.ts', import.meta.url));
