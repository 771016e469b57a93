import { Adwin } from './adwin.ts';

export interface DriftOptions {
  /** How far the stream's distance must move from where it last rested to be a drift, factory deviations; > 0. */
  readonly distance: number;
  /** Windows over which it must have come to rest again, without more errors, for the episode to end. */
  readonly calmWindows: number;
  /** Probability of taking chance for a rise of errors (`Adwin`). */
  readonly delta: number;
}

/** What moved first; `none` before the first episode. */
export type DriftCause = 'none' | 'inputs' | 'errors';
export const CAUSES: readonly DriftCause[] = ['none', 'inputs', 'errors'];

/** What there is to say of drift. */
export interface DriftView {
  /** Episodes so far, one that goes on included. */
  readonly count: number;
  /** Whether one goes on. */
  readonly open: boolean;
  /** What began the latest one. */
  readonly cause: DriftCause;
  /** Its first window, counted over the life of what was learned; -1 before the first episode. */
  readonly began: number;
  /** The window with which it ended, -1 while it goes on. */
  readonly ended: number;
  /** Largest distance from the factory during it. */
  readonly peak: number;
}

/** Before the first episode. */
export const NO_DRIFT: DriftView = { count: 0, open: false, cause: 'none', began: -1, ended: -1, peak: 0 };

/**
 * At rest means: moved by less than this share of `distance` in `calmWindows` windows. Statistics with a memory of five
 * times as many are then so near to where they go that what remains does not begin another episode.
 */
const REST = 0.15;
/** Labels without a further rise of errors before an episode with one may end. */
const CALM_LABELS = 30;

/** Fields of `state`. */
const COUNT = 0;
const CAUSE = 1;
const BEGAN = 2;
const ENDED = 3;
const PEAK = 4;
const OPEN = 5;
const RESTED_AT = 6;
const CALM_FROM = 7;
const CALM_SINCE = 8;
const WINDOWS = 9;
const DISTANCE = 10;
const LABELS_TO_COME = 11;
const NUMBERS = 12;

/**
 * Drift as episodes that begin and end. One begins when the inputs' distribution leaves where it last rested (its
 * distance from the factory, `StreamStatistics.distance`), or when errors become more frequent than chance allows
 * (ADWIN, on labelled windows). It ends when the distance has stayed for `calmWindows` windows and errors rise no more.
 * The two see different things: inputs show a drift that no label has told of yet, errors one that leaves the inputs'
 * distribution as it is. Allocates nothing after it is made.
 */
export class DriftEpisodes implements DriftView {
  readonly errors: Adwin;
  /** With that of `errors` the whole state. */
  readonly state = new Float64Array(NUMBERS);

  constructor(private readonly options: DriftOptions) {
    this.errors = new Adwin(options.delta);
    this.state[BEGAN] = -1;
    this.state[ENDED] = -1;
  }

  get count(): number {
    return this.state[COUNT]!;
  }

  get open(): boolean {
    return this.state[OPEN] === 1;
  }

  get cause(): DriftCause {
    return CAUSES[this.state[CAUSE]!]!;
  }

  get began(): number {
    return this.state[BEGAN]!;
  }

  get ended(): number {
    return this.state[ENDED]!;
  }

  get peak(): number {
    return this.state[PEAK]!;
  }

  /**
   * A window was decided.
   *
   * @param distance of the stream from the factory, >= 0
   * @returns true when an episode has come to its end
   */
  window(distance: number): boolean {
    const { state } = this;
    const { distance: far, calmWindows } = this.options;
    const windows = state[WINDOWS]!;
    state[WINDOWS] = windows + 1;
    state[DISTANCE] = distance;
    if (!this.open) {
      if (Math.abs(distance - state[RESTED_AT]!) > far) this.begin('inputs');
      return false;
    }
    state[PEAK] = Math.max(state[PEAK]!, distance);
    if (Math.abs(distance - state[CALM_FROM]!) > REST * far) this.stir();
    if (windows - state[CALM_SINCE]! < calmWindows || state[LABELS_TO_COME]! > 0) return false;
    state[OPEN] = 0;
    state[ENDED] = windows;
    state[RESTED_AT] = distance;
    return true;
  }

  /** A label came: whether the decision had been wrong. */
  label(wrong: boolean): void {
    const { state } = this;
    state[LABELS_TO_COME] = Math.max(0, state[LABELS_TO_COME]! - 1);
    if (this.errors.add(wrong) !== 'rise') return;
    if (this.open) this.stir();
    else this.begin('errors');
    state[LABELS_TO_COME] = CALM_LABELS;
  }

  private begin(cause: DriftCause): void {
    const { state } = this;
    state[COUNT] = state[COUNT]! + 1;
    state[CAUSE] = CAUSES.indexOf(cause);
    state[BEGAN] = state[WINDOWS]! - 1;
    state[ENDED] = -1;
    state[PEAK] = state[DISTANCE]!;
    state[OPEN] = 1;
    this.stir();
  }

  /** It is not at rest: waiting for that begins anew. */
  private stir(): void {
    this.state[CALM_FROM] = this.state[DISTANCE]!;
    this.state[CALM_SINCE] = this.state[WINDOWS]! - 1;
  }
}
