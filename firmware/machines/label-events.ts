import type { LabelRejection } from '../../protocols/label-reader.ts';
import type { LabelAckBody, LabelStatus } from '../../protocols/messages/label-ack.ts';
import type { JournalEntry } from '../journal.ts';
import type { TrackRecord } from './label-pool.ts';

/** What the pipeline made of a label (`Pipeline.observe`), as the worker reports it. */
export interface LabelOutcome {
  readonly index: number;
  readonly label: number;
  readonly status: 'learned' | 'duplicate' | 'conflict' | 'unknownWindow' | 'unknownClass';
  /** Meaningful for `learned` only, like `sequence` and `features`. */
  readonly slot: number;
  readonly sequence: number;
  /** May be a view of a buffer that is reused: it is copied before the call returns. */
  readonly features: Float32Array;
}

/** What is counted, by a word that never changes: how labels ended, why some could not be read, what went wrong. */
export type LabelCount = LabelStatus | LabelRejection | 'storeFailed' | 'answerLate';

/** What the label machine wants done. */
export type LabelEffect =
  /** Give it to the pipeline; the answer comes back through `outcome`. */
  | {
      readonly kind: 'apply';
      readonly index: number;
      readonly label: number;
      /** The window was learned as another class, which it is not after all. */
      readonly correction: boolean;
    }
  /** Labellers' track records have changed: they are to survive a restart. */
  | { readonly kind: 'remember'; readonly records: readonly TrackRecord[] }
  /** Put it on disk; the result comes back through `stored`. */
  | { readonly kind: 'store'; readonly entry: JournalEntry }
  | { readonly kind: 'acknowledge'; readonly ack: LabelAckBody }
  | { readonly kind: 'count'; readonly name: LabelCount };

const MESSAGE_CHARS_MAX = 400;

/** An acknowledgement and its counter. */
export function answer(window: string, status: LabelStatus, message?: string): LabelEffect[] {
  const ack = message === undefined ? { window, status } : { window, status, message: shorten(message) };
  return [
    { kind: 'acknowledge', ack },
    { kind: 'count', name: status },
  ];
}

/** The second label for a window whose first label is known. */
export function repeated(window: string, first: number, second: number, classes: readonly string[]): LabelEffect[] {
  if (first === second) return answer(window, 'duplicate');
  return answer(window, 'conflict', `the label "${classes[first] ?? first}" was there first and stands`);
}

function shorten(message: string): string {
  return message.length <= MESSAGE_CHARS_MAX ? message : `${message.slice(0, MESSAGE_CHARS_MAX)}…`;
}
