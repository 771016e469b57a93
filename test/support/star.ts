import { type AgentState, CoordinatedAgent, newAgentState } from '../../protocols/coordinator/agent.ts';
import type { CommonAdapter, Update, ValueCodec } from '../../protocols/coordinator/contract.ts';
import {
  Coordinator,
  type CoordinatorOptions,
  type CoordinatorState,
} from '../../protocols/coordinator/coordinator.ts';

export const SIZE = 3;
export const LINEAGE = '0123456789abcdef';

/** Exact for the small whole numbers that these tests learn. */
export const exactCodec: ValueCodec = {
  pack: (values) => ({ scales: new Uint8Array(0), values: new Uint8Array(values.slice().buffer) }),
  unpack: ({ values }) => new Float64Array(Uint8Array.from(values).buffer),
};

export const sum = (increments: readonly Float64Array[]): Float64Array =>
  increments.reduce((total, increment) => total.map((value, i) => value + increment[i]!), new Float64Array(SIZE));

export const createCoordinator = (overrides: Partial<CoordinatorOptions> = {}, state?: CoordinatorState): Coordinator =>
  new Coordinator(
    {
      ...{ lineage: LINEAGE, size: SIZE, codec: exactCodec, periodMs: 100, agentsMin: 1, agentsMax: 16, combine: sum },
      ...{ labelsMin: 1, gainMin: 0, hurtMax: 0.1, ...overrides },
    },
    state,
  );

/** The next version, if it is due. */
export const tick = (coordinator: Coordinator, now: number): CommonAdapter | null =>
  coordinator.isDue(now) ? coordinator.mix(coordinator.round(), null) : null;

/** The next version, at once. */
export const mix = (coordinator: Coordinator): CommonAdapter => coordinator.mix(coordinator.round(), null);

/** A learner whose every label adds one to one of its parameters, with the agent that speaks for it. */
export class Learner {
  agent: CoordinatedAgent;
  /** What its labels taught. */
  values: Float64Array = new Float64Array(SIZE);
  labels = 0;

  constructor(
    readonly name: string,
    state: AgentState = newAgentState(1, new Float64Array(SIZE), 0),
  ) {
    this.agent = this.open(state);
  }

  open(state: AgentState): CoordinatedAgent {
    const options = { name: this.name, lineage: LINEAGE, size: SIZE, codec: exactCodec, labelsMin: 1, periodMs: 10 };
    this.agent = new CoordinatedAgent(options, state);
    return this.agent;
  }

  learn(at: number): void {
    this.values = this.values.with(at, this.values[at]! + 1);
    this.labels++;
  }

  update(now = 0): Update {
    const { values, labels } = this;
    return this.agent.make({ values, labels, before: 0, after: 0 }, now);
  }

  /** θ */
  get parameters(): readonly number[] {
    return [...this.agent.parameters(this.values)];
  }
}
