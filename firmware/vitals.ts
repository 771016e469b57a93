import type { Notice } from './log.ts';

/** Distinct counters, and troubles at one time: names come from our own code, so more means that one was made up. */
const NAMES_MAX = 128;

/** What goes on and what is wrong, under stable names; telemetry, metrics and the terminal show all of it. */
export interface Vitals {
  /** Adds to a counter, in camelCase: `outboxDropped`. Counts from the start of the process. */
  count(name: string, by?: number): void;
  /** Sets a gauge among the counters: `outboxEntries`. */
  set(name: string, value: number): void;
  /** Something is wrong from now until `well`; `text` says what, and what to do. Told to a person when it begins. */
  trouble(name: string, text: string): void;
  /** What `trouble` said is over. */
  well(name: string): void;
  readonly counters: Readonly<Record<string, number>>;
  /** Texts of the troubles in force, by name; empty when all is well. */
  readonly health: Readonly<Record<string, string>>;
}

/** @param notice hears a trouble when it begins or changes, and that it is over */
export const createVitals = (notice: Notice): Vitals => {
  const counters = new Map<string, number>();
  const troubles = new Map<string, string>();
  const put = <T>(map: Map<string, T>, name: string, value: T): void => {
    if (!map.has(name) && map.size >= NAMES_MAX) throw new RangeError(`more than ${NAMES_MAX} names: ${name}`);
    map.set(name, value);
  };
  return {
    count: (name, by = 1) => put(counters, name, (counters.get(name) ?? 0) + by),
    set: (name, value) => put(counters, name, value),
    trouble: (name, text) => {
      if (troubles.get(name) === text) return;
      put(troubles, name, text);
      notice(text, 'warn', { trouble: name });
    },
    well: (name) => {
      if (troubles.delete(name)) notice(`${name} is well again`, 'info', { trouble: name });
    },
    get counters() {
      return Object.fromEntries(counters);
    },
    get health() {
      return Object.fromEntries(troubles);
    },
  };
};
