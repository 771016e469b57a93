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
  /** [size], what its own labels taught since the start of its state. */
  readonly values: Float64Array;
  /** Labels behind it. */
  readonly labels: number;
  /** Mean log-loss on its own labelled windows with `base`, and with `parameters` of `values`. */
  readonly before: number;
  readonly after: number;
}

/** An update without an answer, and what had been learned in all by then, as far as rounding let it through. */
export interface WaitingUpdate {
  readonly update: Update;
  readonly labels: number;
  readonly values: Float64Array;
}

/** What must survive a restart: all of it is plain data. */
export interface AgentState {
  /** Drawn at random when there was no state, >= 1. */
  readonly life: number;
  /** Whether the learner's own state on disk is known to be of this life. */
  isRooted: boolean;
  /** Of the adapter it has, and its parameters [size]. */
  version: number;
  base: Float64Array;
  /** Number of the last update that was answered, what had been learned by then [size], and the labels behind it. */
  answered: number;
  handed: Float64Array;
  labelsAnswered: number;
  /** Number of the last update made. */
  made: number;
  /** Oldest first, at most `WAITING_MAX`. */
  waiting: readonly WaitingUpdate[];
}

/** Of what was learned up to now, `handed` [size] and its `labels` belong to others, and are not handed over again. */
export const newAgentState = (life: number, handed: Float64Array, labelsAnswered: number): AgentState => {
  const base = new Float64Array(handed.length);
  return { life, isRooted: false, version: 0, base, answered: 0, handed, labelsAnswered, made: 0, waiting: [] };
};

/** Updates without an answer: those that an agent puts in the place of earlier ones while its coordinator is away. */
export const WAITING_MAX = 4;
/** Periods that an agent waits for an answer before it says more: a round takes two at most. */
const PATIENCE = 4;

/**
 * The agent of a star (McMahan et al. 2017, "federated averaging", on adapters alone): what it learned goes to a
 * coordinator, and what all learned comes back. It may stop after any step: an update is one retained message with
 * everything since the last answer, so that a coordinator that was away finds all of it once. The machine knows what
 * the agent's labels taught in all (L) and how much of that an answer covers (H); its parameters are then the adapter
 * it has + L − H, whatever came when.
 */
export class CoordinatedAgent {
  private madeMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly options: AgentOptions,
    readonly state: AgentState,
  ) {}

  /** What is to lie retained at the broker; to be published again at each connection. */
  get outstanding(): Update | null {
    return this.state.waiting.at(-1)?.update ?? null;
  }

  /** [size], what the agent must have been given by others: its parameters are this + what it learned. */
  get given(): Float64Array {
    const { base, handed } = this.state;
    return base.map((value, i) => value - handed[i]!);
  }

  /** [size], its parameters when it has learned `values` in all. */
  parameters(values: Float64Array): Float64Array {
    const { base, handed } = this.state;
    return base.map((value, i) => value + values[i]! - handed[i]!);
  }

  /**
   * Whether to `make` an update now: enough was learned since the last one, which an answer may have left without a
   * foundation. One place among those that wait is kept for `mayHandOver`.
   *
   * @param labels so far. @param nowMs monotonic
   */
  isDue(labels: number, nowMs: number): boolean {
    const { labelsMin, periodMs } = this.options;
    const { waiting, answered } = this.state;
    const last = waiting.at(-1);
    const isOpen = last !== undefined && last.update.since === answered;
    const isTime = nowMs - this.madeMs >= (isOpen ? PATIENCE * periodMs : periodMs);
    const isMore = !isOpen || labels >= last.labels + labelsMin;
    return isTime && isMore && this.isEnough(labels) && waiting.length < WAITING_MAX - 1;
  }

  /** Whether an agent that is about to end has anything that lies nowhere but on its own disk. */
  mayHandOver(labels: number): boolean {
    const { waiting, answered } = this.state;
    const last = waiting.at(-1);
    const isMore = last === undefined || last.update.since !== answered || labels > last.labels;
    return isMore && this.isEnough(labels) && waiting.length < WAITING_MAX;
  }

  /** The state must be on disk before the update is sent: its number is never used again. */
  make({ values, labels, before, after }: Learned, nowMs: number): Update {
    const { state, options } = this;
    const { answered, handed } = state;
    this.madeMs = nowMs;
    const delta = options.codec.pack(values.map((value, i) => value - handed[i]!));
    // What rounding left out is not in the update, and so counts as learned after it.
    const sent = options.codec.unpack(delta)!.map((value, i) => value + handed[i]!);
    state.made++;
    const update: Update = {
      ...{ lineage: options.lineage, version: state.version, life: state.life, since: answered, number: state.made },
      ...{ labels: labels - state.labelsAnswered, before, after, delta },
    };
    state.waiting = [...state.waiting, { update, labels, values: sent }];
    return update;
  }

  /**
   * The coordinator's adapter has come. What it does to the state it does again when it is read again, so that nothing
   * is lost when the state is not saved.
   *
   * @returns false when there is nothing new in it or it is another model's
   */
  adopt(adapter: CommonAdapter): boolean {
    const { state, options } = this;
    if (adapter.lineage !== options.lineage || adapter.version <= state.version) return false;
    const common = options.codec.unpack(adapter.values);
    if (common === null) return false;
    const answer = adapter.answers.find(({ agent, life }) => agent === options.name && life === state.life);
    const settled = state.waiting.find(({ update }) => update.number === answer?.number);
    if (settled !== undefined) {
      // What it brought is in `common`, or was refused: only what came after it is the agent's own.
      const { number } = settled.update;
      state.answered = number;
      state.handed = settled.values;
      state.labelsAnswered = settled.labels;
      state.waiting = state.waiting.filter(({ update }) => update.number > number);
    }
    state.version = adapter.version;
    state.base = common;
    return true;
  }

  private isEnough(labels: number): boolean {
    return labels - this.state.labelsAnswered >= this.options.labelsMin;
  }
}
