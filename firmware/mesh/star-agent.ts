import { type AgentState, type CoordinatedAgent, newAgentState } from '../../protocols/coordinator/agent.ts';
import type { CommonAdapter, Update } from '../../protocols/coordinator/contract.ts';
import type { Own, Share } from '../io/share.ts';

export interface StarAgentPorts {
  readonly open: (state: AgentState) => CoordinatedAgent;
  /** Of the compute worker of the moment; null while there is none. */
  readonly share: () => Share | null;
  /** Resolves when the state survives power loss. */
  readonly save: (state: AgentState) => Promise<void>;
  readonly tell: (update: Update) => void;
  /** Monotonic ms. */
  readonly now: () => number;
  /** A number that no earlier life of this node had, 1 to 2^32 - 1. */
  readonly newLife: () => number;
}

/**
 * Keeps the agent of a star and the learner in the compute worker in step: what was learned becomes updates, on disk
 * before anyone hears of them, and what comes back is given to the worker, to each that takes the place of another as
 * well. Calls must not overlap.
 */
export class StarAgent {
  private agent: CoordinatedAgent;
  /** The worker of the last look, and whether it has been given what it must have. */
  private worker: Share | null = null;
  private isGiven = false;
  private latest: CommonAdapter | null = null;
  /** Of a life that no file knows. */
  private isNew: boolean;
  /** An update was made and is not on disk. */
  private isUnsaved = false;
  /** An adapter was adopted and is not on disk; it would be adopted again. */
  private isBehind = false;
  private told = 0;

  /**
   * @param stored what was on disk, if anything was
   * @param own what the first worker has learned
   */
  constructor(
    private readonly ports: StarAgentPorts,
    stored: AgentState | null,
    own: Own,
  ) {
    const none = own.values.map(() => 0);
    // A worker that was given something before has handed something over: without a memory of it, all of it counts so.
    const fresh = () => (own.giver === 0 ? newAgentState(ports.newLife(), none, 0) : this.anew(own));
    this.agent = ports.open(stored ?? fresh());
    this.isNew = stored === null;
  }

  get version(): number {
    return this.agent.state.version;
  }

  /** What an agent does without being told anything: speaks when it has something to say. */
  async tick(): Promise<void> {
    const { share, now } = this.ports;
    if (share() !== null) await this.speak((labels) => this.agent.isDue(labels, now()));
    await this.settle();
  }

  /** The end is near: what lies nowhere else is handed over, and the state is on disk afterwards. */
  async handOver(): Promise<void> {
    await this.speak((labels) => this.agent.mayHandOver(labels));
    this.isUnsaved ||= this.isBehind;
    await this.settle();
  }

  /** The broker may have lost what it retained. */
  connected(): void {
    this.told = 0;
  }

  async heard(adapter: CommonAdapter): Promise<void> {
    if (!this.agent.adopt(adapter)) return;
    this.latest = adapter;
    this.isGiven = false;
    this.isBehind = true;
    await this.follow();
  }

  /** Makes an update if it may; what is learned while the worker judges is in the next one. */
  private async speak(may: (labels: number) => boolean): Promise<void> {
    const share = await this.follow();
    if (share === null) return;
    const own = await share.own();
    if (!may(own.labels)) return;
    const before = await share.judge(this.agent.state.base);
    const after = await share.judge(this.agent.parameters(own.values));
    if (!Number.isFinite(before) || !Number.isFinite(after)) return;
    this.agent.make({ ...own, before, after }, this.ports.now());
    this.isUnsaved = true;
  }

  private async settle(): Promise<void> {
    const { save, tell } = this.ports;
    if (this.isUnsaved) {
      await save(this.agent.state);
      this.isUnsaved = false;
      this.isBehind = false;
    }
    const { outstanding } = this.agent;
    if (outstanding === null || outstanding.number === this.told) return;
    this.told = outstanding.number;
    tell(outstanding);
  }

  /** The worker of the moment, which has what it must have; null while there is none. */
  private async follow(): Promise<Share | null> {
    const share = this.ports.share();
    if (share === null) return null;
    if (share !== this.worker) {
      this.meet(await share.own());
      this.worker = share;
      this.isGiven = false;
    }
    // Were the worker's snapshot the first to know of a life, its file would seem lost, and all of it told.
    if (this.isNew) await this.ports.save(this.agent.state);
    this.isNew = false;
    if (!this.isGiven) await share.give(this.agent.given, this.agent.state.life);
    this.isGiven = true;
    return share;
  }

  /** Another worker, with what it found on disk. */
  private meet(own: Own): void {
    const { state } = this.agent;
    const isOurs = own.giver === state.life;
    if (!state.isRooted || isOurs) {
      state.isRooted = isOurs;
      return;
    }
    this.agent = this.ports.open(this.anew(own));
    this.isNew = true;
    if (this.latest !== null) this.agent.adopt(this.latest);
  }

  /** The learner has lost what it learned, or the agent what it told: from here on, only what is new is told. */
  private anew({ values, labels }: Own): AgentState {
    return newAgentState(this.ports.newLife(), values, labels);
  }
}
