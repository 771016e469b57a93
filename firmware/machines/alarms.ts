import { type Alarm, thresholdsOf } from '../configuration/alarms.ts';
import { AlarmMachine, type AlarmMemory, type AlarmState, type Evidence } from './alarm.ts';
import type { DecisionRecord } from './publisher.ts';

/** An alarm as others see it. */
export interface AlarmView {
  readonly state: AlarmState;
  /** A person has seen it, and it is not over yet. */
  readonly acknowledged: boolean;
  /** Unix ms of the last change, as the gateway believes it. */
  readonly since: number;
}

export type AlarmViews = Readonly<Record<string, AlarmView>>;

/** What a decision says to the alarms. */
export type AlarmDecision = Pick<DecisionRecord, 'valid' | 'probabilities' | 'confidence' | 'drift' | 'values'>;

/** The alarms of a node. Every method returns the names of those that changed. @param now monotonic ms */
export interface AlarmSet {
  decided(decision: AlarmDecision, now: number, unixMs: number): readonly string[];
  /** @param troubles names of what is wrong now */
  health(troubles: readonly string[], now: number, unixMs: number): readonly string[];
  acknowledge(name: string, unixMs: number): readonly string[];
  readonly views: AlarmViews;
}

interface Entry {
  readonly name: string;
  readonly machine: AlarmMachine;
  readonly ofDecision: ((decision: AlarmDecision) => Evidence) | null;
  readonly ofHealth: ((troubles: readonly string[]) => Evidence) | null;
  since: number;
}

/** What a model answers with: one of the two is empty. */
export interface Answers {
  readonly classes: readonly string[];
  /** Names of a regressor's values. */
  readonly outputs: readonly string[];
}

/** @param memory what was there before the restart, by name */
export const createAlarmSet = (
  alarms: readonly Alarm[],
  answers: Answers,
  memory: Readonly<Record<string, AlarmMemory & { readonly since: number }>> = {},
): AlarmSet => {
  const entries = alarms.map((alarm): Entry => {
    const { name, holdMs = 0, clearHoldMs = 0, latched = false } = alarm;
    const windows = 'windows' in alarm ? (alarm.windows ?? null) : null;
    const before = Object.hasOwn(memory, name) ? memory[name] : undefined;
    const machine = new AlarmMachine({ holdMs, clearHoldMs, windows, latched }, before);
    const { ofDecision, ofHealth } = evidenceOf(alarm, answers);
    return { name, machine, ofDecision, ofHealth, since: before?.since ?? 0 };
  });
  const changed = (unixMs: number, changes: (entry: Entry) => boolean): string[] =>
    entries.filter(changes).map((entry) => {
      entry.since = unixMs;
      return entry.name;
    });
  return {
    decided: (decision, now, unixMs) =>
      changed(unixMs, ({ machine, ofDecision }) => ofDecision !== null && machine.look(ofDecision(decision), now)),
    health: (troubles, now, unixMs) =>
      changed(unixMs, ({ machine, ofHealth }) => ofHealth !== null && machine.look(ofHealth(troubles), now)),
    acknowledge: (name, unixMs) => changed(unixMs, (entry) => entry.name === name && entry.machine.acknowledge()),
    get views() {
      return Object.fromEntries(
        entries.map(({ name, machine: { state, acknowledged }, since }) => [name, { state, acknowledged, since }]),
      );
    },
  };
};

const evidenceOf = (alarm: Alarm, answers: Answers): Pick<Entry, 'ofDecision' | 'ofHealth'> => {
  if (alarm.on === 'health') {
    const { troubles: prefixes } = alarm;
    const ours = (name: string): boolean => prefixes?.some((prefix) => name.startsWith(prefix)) ?? true;
    return { ofDecision: null, ofHealth: (troubles) => (troubles.some(ours) ? 'on' : 'off') };
  }
  const level = levelOf(alarm, answers);
  const { rising, raise, clear } = thresholdsOf(alarm)!;
  // Drift is told of windows that could not be judged, too, but says nothing about them.
  const ofDecision = (decision: AlarmDecision): Evidence => {
    if (!decision.valid) return 'unknown';
    const [value, on, off] = rising ? [level(decision), raise, clear] : [-level(decision), -raise, -clear];
    if (value > on) return 'on';
    return value < off || (off === on && value <= on) ? 'off' : 'between';
  };
  return { ofDecision, ofHealth: null };
};

const levelOf = (
  alarm: Exclude<Alarm, { on: 'health' }>,
  { classes, outputs }: Answers,
): ((decision: AlarmDecision) => number) => {
  if (alarm.on === 'drift') return ({ drift }) => drift;
  if (alarm.on === 'confidence') return ({ confidence }) => confidence;
  if (alarm.on === 'value') {
    const at = outputs.indexOf(alarm.output);
    return ({ values }) => values[at]!;
  }
  const indices = alarm.classes.map((name) => classes.indexOf(name));
  return ({ probabilities }) => indices.reduce((sum, index) => sum + (probabilities[index] ?? 0), 0);
};
