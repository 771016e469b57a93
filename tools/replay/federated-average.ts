import type { Exchange } from './exchange.ts';
import type { FullBaseline } from './full-baseline.ts';

/** Windows of each node between two averages. */
const WINDOWS = 10;
/** A float32 of each parameter, to the server; the way back is not counted. */
const PARAMETER_BYTES = 4;

/**
 * Federated averaging (McMahan et al. 2017, algorithm 1) of every weight of the model: after each 10 windows all nodes
 * send theirs, and go on from the mean. Nodes count alike, as they have labels at one rate; moments stay local.
 */
export class FederatedAverage implements Exchange {
  private readonly members: FullBaseline[] = [];
  private ticks = 0;

  /** Members join in the recording's order. */
  join(member: FullBaseline): FullBaseline {
    this.members.push(member);
    return member;
  }

  tick(present: readonly number[]): void {
    this.ticks++;
    if (this.ticks % WINDOWS !== 0 || present.length < 2) return;
    const members = present.map((at) => this.members[at]!);
    const [first] = members;
    for (let k = 0; k < first!.parameters.length; k++) average(members.map(({ parameters }) => parameters[k]!));
    for (const member of members) {
      member.bytesSent += PARAMETER_BYTES * member.parameters.reduce((sum, { length }) => sum + length, 0);
    }
  }
}

/** Every array becomes the mean of all. */
function average(arrays: readonly Float32Array[]): void {
  const { length } = arrays[0]!;
  for (let i = 0; i < length; i++) {
    let sum = 0;
    for (const values of arrays) sum += values[i]!;
    for (const values of arrays) values[i] = sum / arrays.length;
  }
}
