import type { Decision } from '../../firmware/pipeline.ts';
import { digits } from './digits.ts';

/** An episode of drift in a replay. Windows count the judged ones of the node, from 0. */
export interface DriftEpisode {
  readonly cause: 'inputs' | 'errors';
  readonly begin: number;
  /** null: it went on at the end of the recording. */
  readonly end: number | null;
  /** Largest distance from the factory, in factory deviations. */
  readonly peak: number;
}

/** Keeps every episode of one node. */
export class DriftLog {
  private readonly all: DriftEpisode[] = [];
  /** Whether the last one had ended when it was looked at. */
  private rests = true;

  get episodes(): readonly DriftEpisode[] {
    return this.all;
  }

  look({ episodes: { count, open, cause, began, ended, peak } }: Decision): void {
    if (cause === 'none' || (this.rests && count === this.all.length)) return;
    const episode = { cause, begin: began, end: open ? null : ended, peak: digits(peak) };
    if (count === this.all.length) this.all.pop();
    this.all.push(episode);
    this.rests = !open;
  }
}
