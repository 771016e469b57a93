import type { Codec } from '../../protocols/codec.ts';
import { type LabelRejection, readLabel } from '../../protocols/label-reader.ts';
import { formatWindowId, parseWindowId } from '../../protocols/window-id.ts';
import type { JournalEntry } from '../journal.ts';
import { answer, type LabelEffect, type LabelOutcome, repeated } from './label-events.ts';
import type { LabelPool } from './label-pool.ts';

/** Labels between arrival and acknowledgement. Each holds one window of features (a few KB). */
export const LABELS_IN_FLIGHT_MAX = 256;
/** The worker owes an answer this soon; it decides hundreds of windows in that time. */
const ANSWER_DEADLINE_MS = 5_000;

export interface LabelMachineOptions {
  readonly codec: Codec;
  /** Class names in the model's order. */
  readonly classes: readonly string[];
  readonly epoch: number;
  /** Class index of every label on disk, by window id: the store's own, live index. */
  readonly known: ReadonlyMap<string, number>;
  /** What different people say of one window, and how far to believe whom. */
  readonly pool: LabelPool;
}

/** A label on its way: given to the pipeline, then being written, or waiting to be written again. */
interface Flight {
  readonly label: number;
  readonly deadlineMs: number;
  phase: 'applying' | 'storing' | 'unstored';
  entry: JournalEntry | null;
  /** False once the sender was told `busy`: a late answer is still stored, but nobody waits for it. */
  awaited: boolean;
  /** How often the same label came again: each is answered once the first is on disk. */
  repeats: number;
}

/**
 * What happens to a label from the wire, without I/O: read, look whether it is known, apply, store, acknowledge.
 * `stored` is said only when the entry is on disk; a repeated label is a `duplicate` only when the first one is.
 *
 * Labels that name their sender (`by`) are opinions: when those of other people outweigh the label that was learned, it
 * is corrected. Without a name, the first label stands.
 */
export class LabelMachine {
  private readonly options: LabelMachineOptions;
  private readonly flights = new Map<string, Flight>();

  constructor(options: LabelMachineOptions) {
    this.options = options;
  }

  get inFlight(): number {
    return this.flights.size;
  }

  /** A message on the label topic. @param nowMs monotonic */
  received(bytes: Uint8Array, nowMs: number): LabelEffect[] {
    const { codec, classes, known } = this.options;
    const reading = readLabel(codec, bytes);
    if (!reading.ok) {
      return [{ kind: 'count', name: reading.reason }, ...answer(reading.window, 'malformed', explain(reading.reason))];
    }
    const { window, label: name, by, confidence = 1 } = reading.value;
    const label = classes.indexOf(name);
    if (label < 0) return answer(window, 'unknownClass', whatItKnows(classes));
    const flight = this.flights.get(window);
    const standing = flight?.label ?? known.get(window);
    if (standing === undefined) {
      const effects = this.begin(window, label, nowMs);
      if (effects[0]?.kind === 'apply') this.options.pool.add(window, by ?? '', label, confidence);
      return effects;
    }
    if (by !== undefined) {
      const opinion = this.another(window, standing, { by, label, confidence }, nowMs);
      if (opinion !== null) return opinion;
    }
    return flight === undefined ? repeated(window, standing, label, classes) : this.join(window, flight, label);
  }

  /** The pipeline's answer to an `apply`. */
  outcome(outcome: LabelOutcome): LabelEffect[] {
    const { index, label, status, slot, sequence, features } = outcome;
    const window = formatWindowId(this.options.epoch, index);
    const flight = this.flights.get(window);
    if (status === 'learned') {
      const entry: JournalEntry = { slot, sequence, window, label, features: features.slice() };
      const { awaited, repeats } = flight ?? { awaited: false, repeats: 0 };
      this.flights.set(window, { label, deadlineMs: 0, phase: 'storing', entry, awaited, repeats });
      return [{ kind: 'store', entry }];
    }
    if (flight?.phase !== 'applying') return [];
    this.flights.delete(window);
    const times = (flight.awaited ? 1 : 0) + flight.repeats;
    return Array.from({ length: times }, () => answer(window, status, REFUSALS[status])).flat();
  }

  /** The result of a `store`. @param failure null when the entry is on disk, else why it is not */
  stored(entry: JournalEntry, failure: string | null): LabelEffect[] {
    const { window } = entry;
    const flight = this.flights.get(window);
    if (flight === undefined) return [];
    const effects: LabelEffect[] = failure === null ? [] : [{ kind: 'count', name: 'storeFailed' }];
    const message = failure === null ? undefined : `learned, but not on disk (${failure}); send it again`;
    if (flight.awaited) effects.push(...answer(window, failure === null ? 'stored' : 'busy', message));
    for (let i = 0; i < flight.repeats; i++) {
      effects.push(...answer(window, failure === null ? 'duplicate' : 'busy', message));
    }
    if (failure === null) this.flights.delete(window);
    else Object.assign(flight, { phase: 'unstored', awaited: false, repeats: 0 } satisfies Partial<Flight>);
    return effects;
  }

  /** Gives up on lost answers and writes again what could not be written. Call every second. @param nowMs monotonic */
  tick(nowMs: number): LabelEffect[] {
    const effects: LabelEffect[] = [];
    for (const [window, flight] of this.flights) {
      if (flight.phase === 'applying' && nowMs >= flight.deadlineMs) {
        effects.push(...this.giveUp(window, flight, 'the model gave no answer; send it again'));
      } else if (flight.phase === 'unstored' && flight.entry !== null) {
        flight.phase = 'storing';
        effects.push({ kind: 'store', entry: flight.entry });
      }
    }
    return effects;
  }

  /** The worker was restarted from what is on disk: what it had not answered, and what is not on disk, is gone. */
  workerLost(): LabelEffect[] {
    const effects: LabelEffect[] = [];
    for (const [window, flight] of this.flights) {
      if (flight.phase === 'applying') {
        effects.push(...this.giveUp(window, flight, 'the model was restarted; send it again'));
      } else if (flight.phase === 'unstored') this.flights.delete(window);
    }
    return effects;
  }

  /** Somebody's opinion of a window that has a label; null: it is not counted, and answered as a repeated one. */
  private another(
    window: string,
    standing: number,
    { by, label, confidence }: { by: string; label: number; confidence: number },
    nowMs: number,
  ): LabelEffect[] | null {
    const { pool, classes } = this.options;
    if (!pool.knows(window)) return null;
    if (this.flights.has(window)) {
      return label === standing ? null : answer(window, 'busy', 'another label is being stored; send it again');
    }
    pool.add(window, by, label, confidence);
    const remember: LabelEffect = { kind: 'remember', records: pool.trackRecords };
    const pooled = pool.decide(window, standing);
    if (pooled === standing) return [remember, ...repeated(window, standing, label, classes)];
    return [remember, ...this.begin(window, pooled, nowMs, true)];
  }

  private begin(window: string, label: number, nowMs: number, correction = false): LabelEffect[] {
    const parts = parseWindowId(window);
    if (parts?.epoch !== this.options.epoch) {
      return answer(window, 'unknownWindow', `the node is in epoch ${this.options.epoch}: it was restarted since`);
    }
    if (this.flights.size >= LABELS_IN_FLIGHT_MAX) return answer(window, 'busy', 'too many at once; send it again');
    const deadlineMs = nowMs + ANSWER_DEADLINE_MS;
    this.flights.set(window, { label, deadlineMs, phase: 'applying', entry: null, awaited: true, repeats: 0 });
    return [{ kind: 'apply', index: parts.index, label, correction }];
  }

  /** The same window again before the first label is on disk. */
  private join(window: string, flight: Flight, label: number): LabelEffect[] {
    if (label !== flight.label) return repeated(window, flight.label, label, this.options.classes);
    if (flight.awaited) flight.repeats += 1;
    else flight.awaited = true; // the sender was told `busy` and does as it was asked
    if (flight.phase !== 'unstored' || flight.entry === null) return [];
    flight.phase = 'storing';
    return [{ kind: 'store', entry: flight.entry }];
  }

  private giveUp(window: string, flight: Flight, why: string): LabelEffect[] {
    this.flights.delete(window);
    const times = (flight.awaited ? 1 : 0) + flight.repeats;
    const answers = Array.from({ length: times }, () => answer(window, 'busy', why)).flat();
    return [{ kind: 'count', name: 'answerLate' }, ...answers];
  }
}

const REFUSALS = {
  duplicate: undefined,
  conflict: 'another label was there first and stands',
  unknownWindow: 'not decided yet, or too long ago to remember',
  unknownClass: 'the model has no such class',
} as const;

function whatItKnows(classes: readonly string[]): string {
  if (classes.length === 0) return 'this model gives values and has no classes: it takes no labels';
  return `this model knows only: ${classes.join(', ')}`;
}

function explain(reason: LabelRejection): string {
  const shape = 'send {"window": "<epoch>-<index>", "label": "<class>"}, as JSON or as the body of a CBOR envelope';
  return `refused (${reason}); ${shape}`;
}
