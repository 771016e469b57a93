// `npm run bench:door [-- --json]`: what a signed message costs, let in or refused. docs/mesh-wire.md reads it.
import { runBench } from './program.mjs';

runBench(new URL('../../bench/door.ts', import.meta.url));
