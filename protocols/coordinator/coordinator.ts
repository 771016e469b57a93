import type { PackedValues } from '../gossip/quantiser.ts';
import { ROBUST } from '../robust/settings.ts';
import type { Answer, CommonAdapter, Update, ValueCodec, Verdict } from './contract.ts';

export interface CoordinatorOptions {
  readonly lineage: string;
  readonly size: number;
  readonly codec: ValueCodec;
  readonly periodMs: number;
  /** Agents whose updates make a new version; fewer wait for the others until `periodMs` has passed twice. */
  readonly agentsMin: number;
  /** Agents that are remembered: one more pushes out the one not heard of longest. */
  readonly agentsMax: number;
  /** Labels and gain of log-loss that an update must show. */
  readonly labelsMin: number;
  readonly gainMin: number;
  /** Rise of the coordinator's own log-loss that it accepts of one agent. */
  readonly hurtMax: number;
  /** What the increments of several agents come to together: a mean, or a robust rule. Never called with none. */
  combine(increments: readonly Float64Array[]): Float64Array;
}

/** Of one agent: its update answered last, and what that held, all of it since `since`. */
export interface Ledger {
  readonly life: number;
  readonly since: number;
  readonly number: number;
  /** null when the coordinator has that from the broker alone: then nothing can follow the same `since`. */
  readonly delta: PackedValues | null;
  readonly verdict: Verdict;
}

/** What must survive a restart. */
export interface CoordinatorState {
  version: number;
  /** [size], to the last bit: what the message rounds off stays here, and is in the next one. */
  values: Float64Array;
  /** Least recently heard first. */
  ledgers: Map<string, Ledger>;
}

/** What an agent's update adds to what was taken of it before. */
export interface Candidate {
  readonly agent: string;
  readonly update: Update;
  readonly increment: Float64Array;
  /** [size], what the coordinator's parameters would be with this one alone. */
  readonly values: Float64Array;
}

/** Mean log-loss on the coordinator's own labelled windows: of its parameters now, and with each candidate alone. */
export interface Judgement {
  readonly now: number;
  readonly alone: readonly number[];
}

/**
 * Why an update is not considered; it is not answered, and the agent goes on. `unknownBase`: it counts from an answer
 * before the last, and what was taken since is not known; the agent finds the last answer in the adapter.
 */
export type UpdateRejection = 'lineage' | 'shape' | 'repeated' | 'unknownBase' | 'tooFewLabels';

/**
 * The centre of a star. Updates are cumulative: of an agent's later update only what it adds to what was taken before
 * is mixed, so that repetition, loss and a change of order neither lose nor double anything. All answers lie in the one
 * retained message with the adapter: a coordinator without its disk begins again from there.
 */
export class Coordinator {
  readonly state: CoordinatorState;
  private readonly waiting = new Map<string, Update>();
  private dueMs: number | null = null;
  /** Newest version that an agent has. */
  private known = 0;

  constructor(
    private readonly options: CoordinatorOptions,
    state?: CoordinatorState,
  ) {
    this.state = state ?? { version: 0, values: new Float64Array(options.size), ledgers: new Map() };
  }

  /** An update from the wire, its sender verified. */
  received(agent: string, update: Update): UpdateRejection | null {
    const { options, waiting } = this;
    if (update.lineage !== options.lineage) return 'lineage';
    const delta = options.codec.unpack(update.delta);
    if (delta === null || delta.some((value) => Math.abs(value) > ROBUST.valueMax)) return 'shape';
    const earlier = waiting.get(agent);
    if (earlier?.life === update.life && update.number <= earlier.number) return 'repeated';
    const reason = this.followUp(agent, update);
    if (reason !== null) return reason;
    if (update.labels < options.labelsMin) return 'tooFewLabels';
    waiting.set(agent, update);
    this.known = Math.max(this.known, update.version);
    return null;
  }

  /** Whether a new version is due: then `round`, and `mix` before anything else. @param nowMs monotonic */
  isDue(nowMs: number): boolean {
    const { options, waiting } = this;
    if (waiting.size === 0) {
      this.dueMs = null;
      return false;
    }
    this.dueMs ??= nowMs + options.periodMs;
    const isLate = nowMs >= this.dueMs + options.periodMs;
    return nowMs >= this.dueMs && (waiting.size >= options.agentsMin || isLate);
  }

  /** In the order of names, so that what comes out does not depend on who was heard first. */
  round(): readonly Candidate[] {
    const { state, options } = this;
    const inOrder = [...this.waiting].sort(([a], [b]) => (a < b ? -1 : 1));
    return inOrder.map(([agent, update]) => {
      const ledger = this.ledgerOf(agent, update);
      const delta = options.codec.unpack(update.delta)!;
      const before = ledger?.delta == null || isFirst(ledger, update) ? null : options.codec.unpack(ledger.delta);
      const increment = before === null ? delta : delta.map((value, i) => value - before[i]!);
      return { agent, update, increment, values: state.values.map((value, i) => value + increment[i]!) };
    });
  }

  /**
   * Makes the next version; to be published retained once the state is on disk.
   *
   * @param judgement null when the coordinator has no labelled windows of its own
   */
  mix(candidates: readonly Candidate[], judgement: Judgement | null): CommonAdapter {
    const { state, options } = this;
    const taken: Float64Array[] = [];
    for (const [at, { agent, update, increment }] of candidates.entries()) {
      const rise = judgement === null ? 0 : judgement.alone[at]! - judgement.now;
      const verdict = this.judge(update, rise);
      if (verdict === 'taken') taken.push(increment);
      const { life, since, number, delta } = update;
      state.ledgers.delete(agent);
      state.ledgers.set(agent, { life, since, number, delta, verdict });
    }
    for (const agent of state.ledgers.keys()) {
      if (state.ledgers.size <= options.agentsMax) break;
      state.ledgers.delete(agent);
    }
    this.waiting.clear();
    this.dueMs = null;
    // A coordinator that lost everything must not stay behind what its agents have.
    state.version = Math.max(state.version, this.known) + 1;
    if (taken.length > 0) {
      const step = options.combine(taken);
      state.values = state.values.map((value, i) => value + step[i]!);
    }
    return this.adapter;
  }

  /** As it was last made. */
  get adapter(): CommonAdapter {
    const { version, values, ledgers } = this.state;
    const answers = [...ledgers].map(
      ([agent, { life, number, verdict }]): Answer => ({ agent, life, number, verdict }),
    );
    return { lineage: this.options.lineage, version, values: this.options.codec.pack(values), answers };
  }

  /** Begins again from the adapter that the broker kept. False when there is something newer here. */
  resume(adapter: CommonAdapter): boolean {
    const { state, options } = this;
    const values = adapter.lineage === options.lineage ? options.codec.unpack(adapter.values) : null;
    if (values === null || adapter.version <= state.version) return false;
    state.version = adapter.version;
    state.values = values;
    state.ledgers = new Map(
      adapter.answers.map(({ agent, life, number, verdict }) => {
        return [agent, { life, since: number, number, delta: null, verdict }];
      }),
    );
    for (const [agent, update] of this.waiting) {
      if (this.followUp(agent, update) !== null) this.waiting.delete(agent);
    }
    return true;
  }

  /** Whether an update follows what was taken of its agent. */
  private followUp(agent: string, update: Update): 'repeated' | 'unknownBase' | null {
    const ledger = this.ledgerOf(agent, update);
    if (ledger !== null && update.number <= ledger.number) return 'repeated';
    return isFirst(ledger, update) || isNext(ledger, update) ? null : 'unknownBase';
  }

  /** Of the life that the update is of; an agent that lost its memory is another agent. */
  private ledgerOf(agent: string, { life }: Update): Ledger | null {
    const ledger = this.state.ledgers.get(agent);
    return ledger?.life === life ? ledger : null;
  }

  private judge({ before, after }: Update, rise: number): Verdict {
    if (!(before - after >= this.options.gainMin)) return 'noGain';
    return rise > this.options.hurtMax ? 'hurts' : 'taken';
  }
}

/**
 * Nothing of it was taken before. A `since` beyond the ledger was answered by this coordinator before it fell back to
 * an older state: what it had taken then is gone.
 */
const isFirst = (ledger: Ledger | null, { since }: Update): boolean => ledger === null || since >= ledger.number;

/** Holds what was taken, and more. */
const isNext = (ledger: Ledger | null, { since }: Update): boolean =>
  ledger !== null && since === ledger.since && ledger.delta !== null;
