import type { JournalEntry } from '../../journal.ts';

/** Which journal entries are still needed, by slot of the replay buffer and by snapshot. */
export interface JournalIndex {
  /** Notes an entry on disk, in order of `sequence`. */
  add(entry: Pick<JournalEntry, 'slot' | 'sequence'>): void;
  /** Whether an entry is to be loaded beside a snapshot that contains all up to `through`. */
  isNeeded(entry: Pick<JournalEntry, 'slot' | 'sequence'>, through: number): boolean;
  /** Newest sequence so far, -1 for none. */
  readonly newest: number;
  /** The replaced entries that a snapshot through `through` has made superfluous. */
  superfluous(through: number): number[];
  /** These are no longer on disk. */
  forget(sequences: readonly number[]): void;
}

/**
 * An entry whose slot was taken by a later one has left the replay buffer, but until a snapshot contains what was
 * learned from it, it is the only trace of an acknowledged label: it must be learned again after a crash. So a replaced
 * entry is deleted only when a snapshot covers it. Memory: one number per slot and per replaced entry since then.
 */
export function createJournalIndex(): JournalIndex {
  const bySlot = new Map<number, number>();
  let replaced: number[] = [];
  let newest = -1;
  return {
    add: ({ slot, sequence }) => {
      const previous = bySlot.get(slot);
      if (previous !== undefined && previous !== sequence) replaced.push(Math.min(previous, sequence));
      bySlot.set(slot, Math.max(previous ?? -1, sequence));
      newest = Math.max(newest, sequence);
    },
    isNeeded: ({ slot, sequence }, through) => bySlot.get(slot) === sequence || sequence > through,
    get newest() {
      return newest;
    },
    superfluous: (through) => replaced.filter((sequence) => sequence <= through),
    forget: (sequences) => {
      const gone = new Set(sequences);
      replaced = replaced.filter((sequence) => !gone.has(sequence));
    },
  };
}
