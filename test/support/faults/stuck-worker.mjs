// Loaded before a program: its compute worker hangs for good at its 20th rest, as code that never returns would.
import { isMainThread } from 'node:worker_threads';

if (!isMainThread) {
  const wait = Atomics.wait;
  let rests = 0;
  Atomics.wait = (...args) => {
    while (++rests >= 20);
    return wait(...args);
  };
}
