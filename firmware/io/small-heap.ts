import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the young generation of this thread at its size. V8 doubles it under load, up to 32 MB resident; a node's
 * garbage is about a MB a second, and collecting it in a small space costs well under 1 % of a core. Whenever V8 makes
 * another isolate it corrects the factor to 2 again (Heap::ConfigureHeap), so this is repeated after each thread start.
 */
export const keepHeapSmall = (): void => setFlagsFromString('--semi-space-growth-factor=1');
