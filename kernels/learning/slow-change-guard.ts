import { OnlineQuantile } from './online-quantile.ts';

/** What learning without labels may do now. */
export const GUARD_PHASES = ['settling', 'learning', 'asking', 'held'] as const;
export type GuardPhase = (typeof GUARD_PHASES)[number];

export interface GuardOptions {
  /** Windows that show what is usual here before anything is learned, >= 1. */
  readonly settlingWindows: number;
  /** Gain with which the usual score is followed (`OnlineQuantile`). */
  readonly levelRate: number;
  /** How far the usual score may rise without anybody having said that this is right; in thresholds, > 0. */
  readonly riseMax: number;
  /** How far above the usual score of the beginning a single window may be overruled; in thresholds, > 0. */
  readonly reach: number;
}

/** A rise has to fall back to this share of what is allowed before learning goes on by itself. */
const BACK = 0.5;

/**
 * Whether a slow change may be learned as normal. All it looks at is the score of the frozen model, in units of the
 * threshold it was shipped with: nothing that was learned can hide anything from it. Its running median (which faults
 * in less than half of the windows hardly move) is held against what it was when learning began, or when a person last
 * said that things are as they should be. As long as the rise is small, the adapters may explain it away; beyond
 * `riseMax` a slow drift of a sensor and a slow fault of the machine look alike, so learning stops and somebody is
 * asked.
 */
export class SlowChangeGuard {
  /** Phase, windows settled, level granted, level after settling: with `level.state` the whole state. */
  readonly state = new Float64Array(4);
  /** Window with which the phase began; 0 after a restart, since windows are counted anew. */
  private since = 0;
  /** The median that is followed. */
  readonly level: OnlineQuantile;

  constructor(private readonly options: GuardOptions) {
    this.level = new OnlineQuantile(0.5, options.levelRate, 0.25, 1);
  }

  get phase(): GuardPhase {
    return GUARD_PHASES[this.state[0]!]!;
  }

  /** The usual score that is known to be right, in thresholds; 0 while that is not known. */
  get granted(): number {
    return this.state[2]!;
  }

  /** The usual score of the first days, in thresholds: as good as the model can be here. 0 while that is not known. */
  get usual(): number {
    return this.state[3]!;
  }

  /** Share of the allowed rise that is used up: 1 and more is too much; 0 while settling. */
  get rise(): number {
    if (this.phase === 'settling') return 0;
    return Math.max(0, this.level.value - this.granted) / this.options.riseMax;
  }

  /** Largest score of the frozen model, in thresholds, that may still be overruled. */
  get limit(): number {
    return this.granted + this.options.reach;
  }

  /** Takes the frozen model's score of a window, in thresholds. */
  push(index: number, score: number): void {
    const { state } = this;
    this.level.push(score);
    if (this.phase === 'settling') {
      state[1] = state[1]! + 1;
      if (state[1]! < this.options.settlingWindows) return;
      // What is odd from the first day on is not granted by itself.
      state[3] = Math.min(1, this.level.value);
      this.enter('learning', index, state[3]!);
    } else if (this.phase === 'learning' && this.rise > 1) this.enter('asking', index, this.granted);
    else if (this.phase === 'asking' && this.rise < BACK) this.enter('learning', index, this.granted);
  }

  /** Whether a label of this window answers the question: a window from before it was asked says nothing about it. */
  answers(index: number): boolean {
    return (this.phase === 'asking' || this.phase === 'held') && index >= this.since;
  }

  /** A person says that it is as it should be: the level of now is granted. @param index latest window */
  confirm(index: number): void {
    this.enter('learning', index, this.level.value);
  }

  /** A person says that it is not. @param index latest window */
  refuse(index: number): void {
    this.enter('held', index, this.granted);
  }

  private enter(phase: GuardPhase, index: number, granted: number): void {
    this.state[0] = GUARD_PHASES.indexOf(phase);
    this.state[2] = granted;
    this.since = index;
  }
}
