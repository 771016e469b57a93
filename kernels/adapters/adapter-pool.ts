import type { FactorCodec } from './factor-codec.ts';
import { type LiveAdapter, WorkingSet, workingBytes } from './working-set.ts';

/** Bytes of the name that a person gives to an adapter. */
export const ADAPTER_NAME_BYTES_MAX = 32;
const EXISTS = 1;
const PINNED = 2;

export interface AdapterPoolOptions {
  /** Adapters that there is room for in stored form, >= 1. */
  readonly adaptersMax: number;
  /** Those of them with float parameters and optimiser state in memory, the loaded one included: 1 to `adaptersMax`. */
  readonly workingMax: number;
  /** How each array of `live.parameters` is stored. */
  readonly codecs: readonly FactorCodec[];
  /** Whether all adapters have one A, which is not among the parameters. */
  readonly sharesA: boolean;
  /** State of the loaded adapter. */
  readonly live: LiveAdapter;
}

/**
 * Many adapters of one model over one set of factors in the engine. Each has a stored form in a few bits per value;
 * those used last have working state as well (float parameters and moments), and one of them is loaded: its state lies
 * in `live`. The working state that was not used for the longest makes room for another, after it was brought into its
 * stored form; never that of the loaded adapter or of a pinned one. All memory is taken at creation.
 *
 * Where all adapters share one frozen A, a weighted mean of their B is exactly that of their effects. Where each learns
 * its own, a mean of both factors is none of anything, and of two that become one the more learned stays.
 */
export class AdapterPool {
  readonly adaptersMax: number;
  /** The state apart from `live`: to be saved, or to be filled before `restored`. */
  readonly arrays: readonly (Float32Array | Float64Array | Uint32Array)[];
  /** How often another adapter was loaded, and how often working state had to make room. */
  loads = 0;
  evictions = 0;
  /** [loaded] */
  private readonly head = new Uint32Array(1);
  private readonly flags: Uint32Array;
  /** Gradient steps that each has taken. */
  private readonly steps: Float64Array;
  private readonly names: Uint8Array;
  private readonly stored: Uint8Array;
  private readonly stride: number;
  private readonly working: WorkingSet;
  private readonly one: readonly Float32Array[];
  private readonly other: readonly Float32Array[];
  private readonly mayGo = (id: number): boolean => !this.isPinned(id);

  constructor(private readonly options: AdapterPoolOptions) {
    const { adaptersMax, workingMax, codecs, live } = options;
    this.adaptersMax = adaptersMax;
    this.flags = new Uint32Array(adaptersMax);
    this.flags[0] = EXISTS;
    this.steps = new Float64Array(adaptersMax);
    this.names = new Uint8Array(adaptersMax * ADAPTER_NAME_BYTES_MAX);
    this.stride = storedBytes(codecs, live);
    this.stored = new Uint8Array(adaptersMax * this.stride);
    this.working = new WorkingSet(workingMax, live);
    this.working.assign(0, 0);
    this.one = live.parameters.map(({ length }) => new Float32Array(length));
    this.other = live.parameters.map(({ length }) => new Float32Array(length));
    const words = ({ buffer }: Uint8Array): Uint32Array => new Uint32Array(buffer);
    const { arrays } = this.working;
    this.arrays = [this.head, this.flags, this.steps, words(this.names), words(this.stored), ...arrays];
  }

  get loaded(): number {
    return this.head[0]!;
  }

  get count(): number {
    let count = 0;
    for (let id = 0; id < this.adaptersMax; id++) if (this.has(id)) count++;
    return count;
  }

  has(id: number): boolean {
    return (this.flags[id]! & EXISTS) !== 0;
  }

  isPinned(id: number): boolean {
    return (this.flags[id]! & PINNED) !== 0;
  }

  stepsOf(id: number): number {
    return this.steps[id]!;
  }

  /** Counts a gradient step of the loaded adapter. */
  stepped(): void {
    this.steps[this.loaded]!++;
  }

  /** Makes `arrays` and `live`, which were just filled, the state. */
  restored(): void {
    this.options.live.publish();
  }

  /** Puts an adapter that exists into `live` and the engine. Allocates nothing, and takes microseconds. */
  load(id: number): void {
    if (id === this.loaded) return;
    const { working } = this;
    working.save(working.find(this.loaded));
    this.loads++;
    this.bring(id);
  }

  /** A new adapter that begins as a copy of `from`, in stored form; -1 when there is no room. Allocates nothing. */
  create(from: number): number {
    let id = 0;
    while (id < this.adaptersMax && this.has(id)) id++;
    if (id === this.adaptersMax) return -1;
    this.read(from, this.one);
    this.flags[id] = EXISTS;
    this.steps[id] = 0;
    this.pack(id, this.one);
    return id;
  }

  /**
   * Makes `into` the mean of both, weighted by their steps, or without a shared A the one with more steps, and frees
   * the place of `other`. A loaded one stays loaded.
   */
  merge(into: number, other: number): void {
    const [a, b] = [this.steps[into]! + 1, this.steps[other]! + 1];
    this.read(into, this.one);
    this.read(other, this.options.sharesA || a >= b ? this.other : this.one);
    for (let k = 0; this.options.sharesA && k < this.one.length; k++) {
      const [mean, theirs] = [this.one[k]!, this.other[k]!];
      for (let i = 0; i < mean.length; i++) mean[i] = (a * mean[i]! + b * theirs[i]!) / (a + b);
    }
    this.steps[into] = this.steps[into]! + this.steps[other]!;
    this.flags[other] = 0;
    const slot = this.working.find(other);
    if (slot >= 0) this.working.free(slot);
    this.write(into, this.one);
    if (this.loaded === other) this.bring(into);
  }

  /** Copies the parameters of an adapter into `out`, as exact as they are known. */
  read(id: number, out: readonly Float32Array[]): void {
    const slot = this.working.find(id);
    if (id === this.loaded) for (let k = 0; k < out.length; k++) out[k]!.set(this.options.live.parameters[k]!);
    else if (slot >= 0) this.working.readParameters(slot, out);
    else this.unpack(id, out);
  }

  /** Gives an adapter these parameters; its optimiser begins anew. */
  write(id: number, values: readonly Float32Array[]): void {
    this.pack(id, values);
    const slot = this.working.find(id);
    if (slot >= 0 && id !== this.loaded) this.working.free(slot);
    if (id === this.loaded) this.begin(id);
  }

  /** @throws RangeError when too many are pinned for working state of others to make room */
  pin(id: number, pinned: boolean): void {
    let others = 0;
    for (let k = 0; k < this.adaptersMax; k++) if (k !== id && this.isPinned(k)) others++;
    if (pinned && others + 1 >= this.working.slots) {
      throw new RangeError(`only ${this.working.slots - 1} adapters can be pinned: give the pool more working memory`);
    }
    this.flags[id] = pinned ? this.flags[id]! | PINNED : this.flags[id]! & ~PINNED;
  }

  /** Empty unless `rename` gave it one. */
  nameOf(id: number): string {
    const at = id * ADAPTER_NAME_BYTES_MAX;
    const bytes = this.names.subarray(at, at + ADAPTER_NAME_BYTES_MAX);
    return new TextDecoder().decode(bytes).replace(/\0+$/, '');
  }

  /** @throws RangeError for a name that does not fit */
  rename(id: number, name: string): void {
    const bytes = new TextEncoder().encode(name);
    if (bytes.length > ADAPTER_NAME_BYTES_MAX || /\p{C}/u.test(name)) {
      throw new RangeError(`the name of an adapter is at most ${ADAPTER_NAME_BYTES_MAX} bytes of visible text`);
    }
    const at = id * ADAPTER_NAME_BYTES_MAX;
    this.names.fill(0, at, at + ADAPTER_NAME_BYTES_MAX);
    this.names.set(bytes, at);
  }

  /** The state of an adapter, from its working state or else from its stored form, becomes the live one. */
  private bring(id: number): void {
    const { working } = this;
    this.head[0] = id;
    const slot = working.find(id);
    if (slot < 0) {
      this.begin(id);
      return;
    }
    working.restore(slot);
    working.touch(slot);
    this.options.live.publish();
  }

  /** The live state of an adapter begins with its stored form and a fresh optimiser. */
  private begin(id: number): void {
    const { parameters, first, second, powers, publish } = this.options.live;
    if (this.working.find(id) < 0) this.working.assign(this.makeRoom(), id);
    this.unpack(id, parameters);
    first.fill(0);
    second.fill(0);
    powers.fill(1);
    publish();
  }

  private makeRoom(): number {
    const slot = this.working.roomiest(this.mayGo);
    const owner = this.working.ownerOf(slot);
    if (owner < 0) return slot;
    this.working.readParameters(slot, this.one);
    this.pack(owner, this.one);
    this.evictions++;
    return slot;
  }

  private pack(id: number, values: readonly Float32Array[]): void {
    let at = id * this.stride;
    for (let k = 0; k < values.length; k++) at = this.options.codecs[k]!.write(values[k]!, this.stored, at);
  }

  private unpack(id: number, out: readonly Float32Array[]): void {
    let at = id * this.stride;
    for (let k = 0; k < out.length; k++) at = this.options.codecs[k]!.read(this.stored, at, out[k]!);
  }
}

/** Bytes of one stored form; whole words, as snapshots have them. */
export function storedBytes(codecs: readonly FactorCodec[], { parameters }: Pick<LiveAdapter, 'parameters'>): number {
  return Math.ceil(parameters.reduce((sum, { length }, k) => sum + codecs[k]!.bytesFor(length), 0) / 4) * 4;
}

/**
 * How many adapters can have working state when a pool, with stored forms and all that is known about each, takes at
 * most `bytesMax`: 0 to `adaptersMax`.
 *
 * @param eachBytes of an adapter without working state
 * @param parameters values that learning trains
 */
export function workingFor(bytesMax: number, adaptersMax: number, eachBytes: number, parameters: number): number {
  const left = bytesMax - adaptersMax * eachBytes;
  return Math.max(0, Math.min(adaptersMax, Math.floor(left / workingBytes(parameters))));
}
