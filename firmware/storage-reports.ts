import { boardProfile } from '../boards/registry.ts';
import type { Configuration } from './configuration.ts';
import type { StoreOptions } from './io/store.ts';
import { WriteBudget } from './machines/write-budget.ts';
import type { Vitals } from './vitals.ts';

const MEGABYTE = 1e6;

/** What the store says of its disk, as vitals. */
export const storageReports = (vitals: Vitals): Pick<StoreOptions, 'trouble' | 'well'> => ({
  trouble: (text) => {
    vitals.count('storeFailures');
    vitals.trouble('storage', text);
  },
  well: () => vitals.well('storage'),
});

/**
 * Keeps account of what is written to the disk, and says when it is more than the board can bear. Flash wears out
 * silently: a card that is written ten times too fast dies after one year instead of ten.
 *
 * @param ports.written bytes written by this process so far; null where nobody knows
 * @returns to be called about once a minute
 */
export const createWriteWatch = (ports: {
  readonly written: () => number | null;
  readonly monotonicMs: () => number;
  readonly configuration: Configuration;
  readonly vitals: Vitals;
}): (() => void) => {
  const { written, monotonicMs, vitals } = ports;
  const bytesPerDayMax = boardProfile(ports.configuration.board).writeBytesPerDayMax;
  const budget = new WriteBudget(written() ?? 0, monotonicMs());
  return () => {
    const total = written();
    if (total === null) return;
    const { lastDay, perDay } = budget.sample(total, monotonicMs());
    vitals.set('bytesWrittenToday', lastDay);
    if (perDay !== null) vitals.set('bytesWrittenPerDay', perDay);
    if (lastDay <= bytesPerDayMax) return vitals.well('writes');
    const bound = Math.round(bytesPerDayMax / MEGABYTE);
    const why = 'every label costs a write: send fewer, or put the state on a disk that bears more';
    vitals.trouble('writes', `more than ${bound} MB were written within 24 hours, the bound of this board; ${why}`);
  };
};
