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
  /** Mean log-loss on the coordinator's own labelled windows; null when it has none. */
  judge(values: Float64Array): number | null;
}

/** Of one agent. `delta` is what has been taken of its updates since `since`. */
interface Ledger {
  epoch: number;
  since: number;
  number: number;
  delta: Float64Array;
  verdict: Verdict;
}

/** What an agent's update adds, and what becomes of it. */
interface Judged {
  readonly increment: Float64Array;
  readonly verdict: Verdict;
}

/** What must survive a restart. */
export interface CoordinatorState {
  version: number;
  values: Float64Array;
  /** Least recently heard first. */
  ledgers: Map<string, Ledger>;
}

interface Waiting {
  readonly epoch: number;
  readonly update: Update;
  readonly delta: Float64Array;
}

/** Why an update was not even considered. */
export type UpdateRejection = 'lineage' | 'shape' | 'repeated';

/**
 * The centre of a star. Updates are cumulative: of an agent's later update only what it adds to what was taken before is
 * mixed, so that repetition, loss and a change of order neither lose nor double anything. All answers lie in the one
 * retained message with the adapter: a coordinator without its disk begins again from there.
 */
export class Coordinator {
  readonly state: CoordinatorState;
  private readonly waiting = new Map<string, Waiting>();
  private dueMs: number | null = null;

  constructor(
    private readonly options: CoordinatorOptions,
    state?: CoordinatorState,
  ) {
    this.state = state ?? { version: 0, values: new Float64Array(options.size), ledgers: new Map() };
    if (this.state.values.length !== options.size) throw new RangeError('the state is of another model');
  }

  /** An update from the wire, its sender verified. @param epoch boot counter of the agent */
  received(agent: string, epoch: number, update: Update): UpdateRejection | null {
    const { options, state } = this;
    if (update.lineage !== options.lineage) return 'lineage';
    const delta = options.codec.unpack(update.delta);
    if (delta === null) return 'shape';
    const ledger = state.ledgers.get(agent);
    if (ledger !== undefined && !isAnew(ledger, epoch, update) && update.number <= ledger.number) return 'repeated';
    const earlier = this.waiting.get(agent);
    if (earlier !== undefined && earlier.epoch === epoch && update.number <= earlier.update.number) return 'repeated';
    this.waiting.set(agent, { epoch, update, delta });
    // A coordinator that lost everything must not stay behind what its agents have.
    state.version = Math.max(state.version, update.version);
    return null;
  }

  /** The next version, when it is due; to be published retained. @param nowMs monotonic */
  tick(nowMs: number): CommonAdapter | null {
    const { options, waiting } = this;
    if (waiting.size === 0) {
      this.dueMs = null;
      return null;
    }
    this.dueMs ??= nowMs + options.periodMs;
    const isLate = nowMs >= this.dueMs + options.periodMs;
    if (nowMs < this.dueMs || (waiting.size < options.agentsMin && !isLate)) return null;
    this.dueMs = null;
    this.mix();
    return this.adapter;
  }

  /** As it was last published. */
  get adapter(): CommonAdapter {
    const { version, values, ledgers } = this.state;
    const answers = [...ledgers].map(([agent, { number, verdict }]): Answer => ({ agent, number, verdict }));
    return { lineage: this.options.lineage, version, values: this.options.codec.pack(values), answers };
  }

  /** Begins again from the adapter that the broker kept. False when there is something newer here. */
  resume(adapter: CommonAdapter): boolean {
    const { state, options } = this;
    const values = adapter.lineage === options.lineage ? options.codec.unpack(adapter.values) : null;
    if (values === null || adapter.version <= state.version) return false;
    const none = new Float64Array(options.size);
    state.version = adapter.version;
    state.values = values;
    state.ledgers = new Map(
      adapter.answers.map(({ agent, number, verdict }) => {
        return [agent, { epoch: 0, since: number, number, delta: none, verdict }];
      }),
    );
    return true;
  }

  private mix(): void {
    const { state, options, waiting } = this;
    const taken: Float64Array[] = [];
    // In the order of names, so that what comes out does not depend on who was heard first.
    for (const [agent, entry] of [...waiting].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const { increment, verdict } = this.judge(state.ledgers.get(agent), entry);
      if (verdict === 'taken') taken.push(increment);
      const { epoch, update, delta } = entry;
      state.ledgers.delete(agent);
      state.ledgers.set(agent, { epoch, since: update.since, number: update.number, delta, verdict });
    }
    for (const agent of state.ledgers.keys()) {
      if (state.ledgers.size <= options.agentsMax) break;
      state.ledgers.delete(agent);
    }
    waiting.clear();
    state.version++;
    if (taken.length === 0) return;
    const step = options.combine(taken);
    const mixed = state.values.map((value, i) => value + step[i]!);
    // Agents go on from what they read: what rounding leaves out of the message must not be here either.
    state.values = options.codec.unpack(options.codec.pack(mixed))!;
  }

  private judge(ledger: Ledger | undefined, { epoch, update, delta }: Waiting): Judged {
    const { options, state } = this;
    const { labels, before, after, since } = update;
    const isFirst = ledger === undefined ? since === 0 : since === ledger.number || isAnew(ledger, epoch, update);
    if (!isFirst && since !== ledger?.since) return { increment: delta, verdict: 'unknownBase' };
    const increment = isFirst ? delta : delta.map((value, i) => value - ledger!.delta[i]!);
    if (labels < options.labelsMin) return { increment, verdict: 'tooFewLabels' };
    if (!(before - after >= options.gainMin)) return { increment, verdict: 'noGain' };
    const mine = options.judge(state.values);
    const theirs = options.judge(state.values.map((value, i) => value + increment[i]!));
    const hurts = mine !== null && theirs !== null && theirs - mine > options.hurtMax;
    return { increment, verdict: hurts ? 'hurts' : 'taken' };
  }
}

/** An agent that has lost its own disk counts from 1 again, in a later epoch. */
const isAnew = (ledger: Ledger, epoch: number, update: Update): boolean =>
  epoch > ledger.epoch && update.since === 0 && ledger.number > 0 && update.number === 1;
