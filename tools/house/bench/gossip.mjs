// `npm run bench:gossip`: exactness for every number of nodes, cost of a message, cost of a node and round by size.
import { runBench } from './program.mjs';

runBench(new URL('../../bench/gossip.ts', import.meta.url));
