/** What one look says: the condition holds, it is over, it is neither (between the thresholds), or nobody knows. */
export type Evidence = 'on' | 'off' | 'between' | 'unknown';

/** `latched`: the condition is over, but nobody has acknowledged it. */
export type AlarmState = 'clear' | 'raised' | 'latched';

export interface AlarmSettings {
  readonly holdMs: number;
  readonly clearHoldMs: number;
  /** Raised by `raise` of the last `of` looks that knew, in place of `holdMs`; null: by time. */
  readonly windows: { readonly raise: number; readonly of: number } | null;
  readonly latched: boolean;
}

/** What outlives a restart. */
export interface AlarmMemory {
  readonly state: AlarmState;
  readonly acknowledged: boolean;
}

/**
 * One alarm, on monotonic time. It is raised after the condition held without a break, and cleared after it was over
 * without a break. What is neither, or unknown, breaks both: a dead sensor neither raises an alarm nor clears one.
 */
export class AlarmMachine {
  private readonly settings: AlarmSettings;
  private present: AlarmState;
  private seen: boolean;
  /** Since when the evidence that would change the state has held; null when it does not. */
  private sinceMs: number | null = null;
  /** The latest looks that knew, newest last. */
  private readonly looks: boolean[] = [];

  constructor(settings: AlarmSettings, memory: AlarmMemory = { state: 'clear', acknowledged: false }) {
    this.settings = settings;
    this.present = memory.state === 'latched' && !settings.latched ? 'clear' : memory.state;
    this.seen = memory.acknowledged;
  }

  get state(): AlarmState {
    return this.present;
  }

  get acknowledged(): boolean {
    return this.seen;
  }

  /** True when the state changed. @param now monotonic ms */
  look(evidence: Evidence, now: number): boolean {
    this.remember(evidence);
    if (this.present === 'raised') return this.held(evidence === 'off', this.settings.clearHoldMs, now) && this.end();
    const { windows, holdMs } = this.settings;
    const due =
      windows === null
        ? this.held(evidence === 'on', holdMs, now)
        : evidence === 'on' && this.looks.filter(Boolean).length >= windows.raise;
    return due && this.raise();
  }

  /** A person has seen it. True when that changed anything. */
  acknowledge(): boolean {
    if (this.present === 'clear' || this.seen) return false;
    this.seen = true;
    if (this.present === 'latched') this.become('clear');
    return true;
  }

  private held(so: boolean, holdMs: number, now: number): boolean {
    if (!so) this.sinceMs = null;
    else this.sinceMs ??= now;
    return this.sinceMs !== null && now - this.sinceMs >= holdMs;
  }

  private remember(evidence: Evidence): void {
    if (this.settings.windows === null || evidence === 'unknown') return;
    this.looks.push(evidence === 'on');
    if (this.looks.length > this.settings.windows.of) this.looks.shift();
  }

  private raise(): boolean {
    this.seen = false;
    return this.become('raised');
  }

  private end(): boolean {
    return this.become(this.settings.latched && !this.seen ? 'latched' : 'clear');
  }

  private become(state: AlarmState): true {
    this.present = state;
    this.sinceMs = null;
    this.looks.length = 0;
    if (state === 'clear') this.seen = false;
    return true;
  }
}
