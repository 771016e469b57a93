// Loaded before a program: from SIGUSR2 on, or from the start with HANGING_DISK=now, no store's disk answers any write.
import { isMainThread } from 'node:worker_threads';
import { ClassicLevel } from 'classic-level';

const batch = ClassicLevel.prototype._batch;
let hanging = process.env.HANGING_DISK === 'now';
ClassicLevel.prototype._batch = function (...args) {
  return hanging ? new Promise(() => {}) : batch.apply(this, args);
};
if (isMainThread) {
  process.on('SIGUSR2', () => {
    hanging = true;
    process.stderr.write('the disk hangs\n');
  });
}
