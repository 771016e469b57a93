/** What learning reads and writes in place: one adapter in float32, and its optimiser. */
export interface LiveAdapter {
  readonly parameters: readonly Float32Array[];
  /** First and second moments, as long as all parameters together. */
  readonly first: Float32Array;
  readonly second: Float32Array;
  /** β1^t and β2^t; ones before the first step. */
  readonly powers: Float64Array;
  /** Brings `parameters` into the engine. */
  publish(): void;
}

const FREE = 0;

/** Bytes of working state of one adapter with so many parameters. */
export const workingBytes = (parameters: number): number => 3 * 4 * parameters + 4 + 8 + 16;

/** Working states of the adapters used last, a fixed number of slots. Allocates nothing after creation. */
export class WorkingSet {
  /** The whole state. */
  readonly arrays: readonly (Float32Array | Float64Array | Uint32Array)[];
  /** [slots] adapter + 1 */
  private readonly owners: Uint32Array;
  /** [slots] when each was used last, in uses. */
  private readonly usedAt: Float64Array;
  /** [slots × 3 × parameters]: parameters, first and second moments. */
  private readonly values: Float32Array;
  /** [slots × 2] */
  private readonly powers: Float64Array;

  constructor(
    readonly slots: number,
    private readonly live: LiveAdapter,
  ) {
    this.owners = new Uint32Array(slots).fill(FREE);
    this.usedAt = new Float64Array(slots);
    this.values = new Float32Array(slots * 3 * live.first.length);
    this.powers = new Float64Array(slots * 2);
    this.arrays = [this.owners, this.usedAt, this.values, this.powers];
  }

  /** Slot of an adapter, -1 when it has none. */
  find(adapter: number): number {
    return this.owners.indexOf(adapter + 1);
  }

  /** -1 when the slot is free. */
  ownerOf(slot: number): number {
    return this.owners[slot]! - 1;
  }

  /** A free slot, else the one that was not used for the longest among those whose owner may go; -1 without one. */
  roomiest(mayGo: (adapter: number) => boolean): number {
    let best = -1;
    for (let slot = 0; slot < this.slots; slot++) {
      if (this.owners[slot] === FREE) return slot;
      if (mayGo(this.ownerOf(slot)) && (best < 0 || this.usedAt[slot]! < this.usedAt[best]!)) best = slot;
    }
    return best;
  }

  assign(slot: number, adapter: number): void {
    this.owners[slot] = adapter + 1;
    this.touch(slot);
  }

  free(slot: number): void {
    this.owners[slot] = FREE;
  }

  touch(slot: number): void {
    let latest = 0;
    for (let other = 0; other < this.slots; other++) latest = Math.max(latest, this.usedAt[other]!);
    this.usedAt[slot] = latest + 1;
  }

  /** The live state goes into a slot. */
  save(slot: number): void {
    const { parameters, first, second, powers } = this.live;
    let at = slot * 3 * first.length;
    for (let k = 0; k < parameters.length; k++) at = copyTo(this.values, at, parameters[k]!);
    copyTo(this.values, copyTo(this.values, at, first), second);
    this.powers[2 * slot] = powers[0]!;
    this.powers[2 * slot + 1] = powers[1]!;
  }

  /** A slot's state becomes the live one, in `live.parameters` and the optimiser. */
  restore(slot: number): void {
    const { parameters, first, second, powers } = this.live;
    const at = this.readParameters(slot, parameters);
    copyFrom(this.values, copyFrom(this.values, at, first), second);
    powers[0] = this.powers[2 * slot]!;
    powers[1] = this.powers[2 * slot + 1]!;
  }

  /** Copies the parameters alone; returns where they end. */
  readParameters(slot: number, out: readonly Float32Array[]): number {
    let at = slot * 3 * this.live.first.length;
    for (let k = 0; k < out.length; k++) at = copyFrom(this.values, at, out[k]!);
    return at;
  }
}

function copyTo(values: Float32Array, at: number, from: Float32Array): number {
  for (let i = 0; i < from.length; i++) values[at + i] = from[i]!;
  return at + from.length;
}

function copyFrom(values: Float32Array, at: number, to: Float32Array): number {
  for (let i = 0; i < to.length; i++) to[i] = values[at + i]!;
  return at + to.length;
}
