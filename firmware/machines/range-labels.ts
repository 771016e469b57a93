import type { LabelStatus } from '../../protocols/messages/label-ack.ts';
import type { LabelRangeAckBody } from '../../protocols/messages/label-range-ack.ts';
import { formatWindowId } from '../../protocols/window-id.ts';
import type { DecidedWindows } from './decided-windows.ts';

/** Stretches that wait or are being labelled; an operator has one, rules a few. */
export const RANGES_MAX = 32;
/** Labels under way at a time: an eighth of what the label machine takes, so that operators find room. */
const LABELS_AT_ONCE = 32;
/** A window whose last sample has just come is decided within this. */
const SETTLE_MS = 1_000;
/** The label machine answers within 5 s; should an answer be lost with a worker, nobody waits for ever. */
const ANSWER_MS_MAX = 10_000;
const ATTEMPTS_MAX = 4;

/** A label for a stretch of time. */
export interface RangeRequest {
  readonly id: string;
  /** Monotonic ms, both included. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly label: string;
  /** Who says so. */
  readonly by: string;
  /** Someone waits to hear what became of it. */
  readonly awaited: boolean;
}

export type RangeEffect =
  /** Give the label machine this label; its answer comes back through `answered`. */
  | { readonly kind: 'label'; readonly window: string; readonly label: string; readonly by: string }
  /** The request is over. */
  | { readonly kind: 'done'; readonly request: RangeRequest; readonly ack: LabelRangeAckBody };

interface Attempt {
  tries: number;
  deadlineMs: number;
}

interface Job {
  readonly request: RangeRequest;
  readonly dueMs: number;
  /** Null until the stretch is over and its windows are known. */
  waiting: { window: string; tries: number }[] | null;
  readonly underWay: Map<string, Attempt>;
  readonly counts: { windows: number; stored: number; duplicate: number; conflict: number; refused: number };
}

export interface RangeLabelsOptions {
  readonly epoch: number;
  readonly windows: Pick<DecidedWindows, 'within' | 'oldestMs'>;
}

/**
 * Turns labels for stretches of time into labels for windows, a bounded number at a time, and counts how they ended.
 * Every label takes the way of an operator's: applied, on disk, acknowledged.
 */
export class RangeLabels {
  private readonly options: RangeLabelsOptions;
  private readonly jobs: Job[] = [];

  constructor(options: RangeLabelsOptions) {
    this.options = options;
  }

  get waiting(): number {
    return this.jobs.length;
  }

  /** False when there are too many already. @param now monotonic ms */
  add(request: RangeRequest, now: number): boolean {
    if (this.jobs.length >= RANGES_MAX) return false;
    const counts = { windows: 0, stored: 0, duplicate: 0, conflict: 0, refused: 0 };
    const dueMs = Math.max(now, request.toMs + SETTLE_MS);
    this.jobs.push({ request, dueMs, waiting: null, underWay: new Map(), counts });
    return true;
  }

  /** The label machine's answer about a window, whoever asked. @param now monotonic ms */
  answered(window: string, status: LabelStatus, now: number): RangeEffect[] {
    const job = this.jobs.find(({ underWay }) => underWay.has(window));
    if (job === undefined) return [];
    const { tries } = job.underWay.get(window)!;
    job.underWay.delete(window);
    if (status === 'busy' && tries < ATTEMPTS_MAX) {
      job.waiting!.push({ window, tries }); // sent again by the next tick
      return [];
    }
    count(job, status);
    return this.advance(now, false);
  }

  /** About once a second. @param now monotonic ms */
  tick(now: number): RangeEffect[] {
    for (const job of this.jobs) {
      for (const [window, { tries, deadlineMs }] of job.underWay) {
        if (now < deadlineMs) continue;
        job.underWay.delete(window);
        if (tries < ATTEMPTS_MAX) job.waiting!.push({ window, tries });
        else count(job, 'busy');
      }
    }
    return this.advance(now, true);
  }

  /** @param again also labels that were refused as `busy` */
  private advance(now: number, again: boolean): RangeEffect[] {
    const effects: RangeEffect[] = [];
    let room = LABELS_AT_ONCE - this.jobs.reduce((sum, { underWay }) => sum + underWay.size, 0);
    for (const job of [...this.jobs]) {
      if (now < job.dueMs) continue;
      job.waiting ??= this.windowsOf(job);
      const { request, waiting, underWay, counts } = job;
      for (let at = 0; at < waiting.length && room > 0; ) {
        const { window, tries } = waiting[at]!;
        if (tries > 0 && !again) {
          at++;
          continue;
        }
        waiting.splice(at, 1);
        underWay.set(window, { tries: tries + 1, deadlineMs: now + ANSWER_MS_MAX });
        effects.push({ kind: 'label', window, label: request.label, by: request.by });
        room--;
      }
      if (waiting.length > 0 || underWay.size > 0) continue;
      this.jobs.splice(this.jobs.indexOf(job), 1);
      effects.push({ kind: 'done', request, ack: this.ackOf(request, counts, now) });
    }
    return effects;
  }

  private windowsOf({ request, counts }: Job): { window: string; tries: number }[] {
    const { epoch, windows } = this.options;
    const found = windows.within(request.fromMs, request.toMs);
    counts.windows = found.length;
    return found.map((index) => ({ window: formatWindowId(epoch, index), tries: 0 }));
  }

  private ackOf({ id }: RangeRequest, counts: Job['counts'], now: number): LabelRangeAckBody {
    if (counts.windows > 0) return { id, status: 'done', ...counts };
    const { oldestMs } = this.options.windows;
    const reach =
      oldestMs === null ? 'nothing was decided yet' : `the memory reaches back ${seconds(now - oldestMs)} s`;
    return { id, status: 'unknownWindow', ...counts, message: `no whole window lies in that time; ${reach}` };
  }
}

function count({ counts }: Job, status: LabelStatus): void {
  if (status === 'stored' || status === 'duplicate' || status === 'conflict') counts[status]++;
  else counts.refused++;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(0);
}
