import type { CommonAdapter, Update, ValueCodec } from './contract.ts';

export interface AgentOptions {
  /** Of the agent; a star is of one site. */
  readonly name: string;
  readonly lineage: string;
  /** Parameters of the shared expert. */
  readonly size: number;
  readonly codec: ValueCodec;
  /** Labels that an update must have behind it, and ms between two of them. */
  readonly labelsMin: number;
  readonly periodMs: number;
}

/** What the agent learned, as its pipeline tells it. */
export interface Learned {
  /** Parameters as they are now. */
  readonly values: Float64Array;
  /** Labels since the start of the state. */
  readonly labels: number;
  /** Mean log-loss on its own labelled windows under the parameters. */
  judge(values: Float64Array): number;
}

/** What must survive a restart: all of it is plain data. */
export interface AgentState {
  /** Of the adapter it has, whose parameters are `base` [size]: updates count from there. */
  version: number;
  base: Float64Array;
  /** Number of the last update that was answered, of the last one made, and the labels behind the former. */
  answered: number;
  made: number;
  labelsAnswered: number;
  /** Updates without an answer, oldest first, and the parameters that each would bring the coordinator to. */
  waiting: { readonly update: Update; readonly labels: number; readonly values: Float64Array }[];
}

/** Updates without an answer: one, and those that an agent at the end of several short lives put in its place. */
const WAITING_MAX = 4;

/**
 * The agent of a star (McMahan et al. 2017, "federated averaging", on adapters alone): what it learned goes to a
 * coordinator, and what all learned comes back. It may stop after any step: an update is one retained message with
 * everything since the last answer, so that a coordinator that was away, or comes back from an older state, finds all of
 * it once. What an agent learns while its update travels is put on top of what comes back.
 */
export class CoordinatedAgent {
  readonly state: AgentState;
  private dueMs = 0;

  /** @throws RangeError when the state is of another model */
  constructor(
    private readonly options: AgentOptions,
    state?: AgentState,
  ) {
    const base = new Float64Array(options.size);
    this.state = state ?? { version: 0, base, answered: 0, made: 0, labelsAnswered: 0, waiting: [] };
    if (this.state.base.length !== options.size) throw new RangeError('the state is of another model');
  }

  /** What is to lie retained at the broker; to be published again at each connection. */
  get outstanding(): Update | null {
    return this.state.waiting.at(-1)?.update ?? null;
  }

  /** An update, when one is due: nothing waits, and enough was learned. @param nowMs monotonic */
  tick(learned: Learned, nowMs: number): Update | null {
    const { labelsMin, periodMs } = this.options;
    const { waiting, labelsAnswered } = this.state;
    if (waiting.length > 0 || nowMs < this.dueMs || learned.labels - labelsAnswered < labelsMin) return null;
    this.dueMs = nowMs + periodMs;
    return this.make(learned);
  }

  /**
   * Now, whatever is due: an agent that is about to end hands over what it has, in place of what waits. null when it
   * learned nothing more, or when what waits counts from before the last answer, and nothing can take its place.
   */
  handOver(learned: Learned): Update | null {
    const { waiting, labelsAnswered, answered } = this.state;
    const known = waiting.at(-1)?.labels ?? labelsAnswered;
    const canFollow = waiting.length < WAITING_MAX && waiting.every(({ update }) => update.since === answered);
    return learned.labels > known && canFollow ? this.make(learned) : null;
  }

  /**
   * The coordinator's adapter has come.
   *
   * @param values the agent's parameters as they are now
   * @returns what they must become; null when there is nothing new in it or it is another model's
   */
  adopt(adapter: CommonAdapter, values: Float64Array): Float64Array | null {
    const { state, options } = this;
    if (adapter.lineage !== options.lineage || adapter.version <= state.version) return null;
    const common = options.codec.unpack(adapter.values);
    if (common === null) return null;
    const answer = adapter.answers.find(({ agent }) => agent === options.name);
    const answered = state.waiting.find(({ update }) => update.number === answer?.number);
    const isSettled = answered !== undefined && answer?.verdict !== 'unknownBase';
    // What a settled update brought is in `common`, or was refused: only what came after it is the agent's own.
    const from = isSettled ? answered.values : state.base;
    const moved = (at: Float64Array): Float64Array => at.map((value, i) => value - from[i]! + common[i]!);
    const mine = moved(values);
    if (answered !== undefined) {
      state.answered = answered.update.number;
      if (isSettled) state.labelsAnswered = answered.labels;
      state.waiting = state.waiting.filter(({ update }) => update.number > answered.update.number);
    }
    state.waiting = state.waiting.map((entry) => ({ ...entry, values: moved(entry.values) }));
    state.version = adapter.version;
    state.base = common;
    return mine;
  }

  private make({ values, labels, judge }: Learned): Update {
    const { state, options } = this;
    const { base, answered } = state;
    const delta = options.codec.pack(values.map((value, i) => value - base[i]!));
    // What rounding left out is not in the update, and so counts as learned after it.
    const sent = options.codec.unpack(delta)!.map((value, i) => value + base[i]!);
    state.made++;
    const update: Update = {
      ...{ lineage: options.lineage, version: state.version, since: answered, number: state.made },
      ...{ labels: labels - state.labelsAnswered, before: judge(base), after: judge(values), delta },
    };
    state.waiting.push({ update, labels, values: sent });
    return update;
  }
}
