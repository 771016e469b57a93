// Loaded before a program: from the write that HANGING_DISK names on (0 is the first), the store's disk never answers.
import { ClassicLevel } from 'classic-level';

const batch = ClassicLevel.prototype._batch;
let left = Number(process.env.HANGING_DISK);
ClassicLevel.prototype._batch = function (...args) {
  return left-- > 0 ? batch.apply(this, args) : new Promise(() => {});
};
