import type { AdapterPool } from './adapter-pool.ts';
import { TaskDistances } from './task-distances.ts';

export interface ChooserOptions {
  /** Windows that the embedding averages over, >= 1: longer tells states apart better and notices them later. */
  readonly memory: number;
  /** Windows in a row that must speak for another adapter before it is taken, >= 1. */
  readonly hysteresis: number;
  /** A state is new when it is further from every known one than so many times the usual distance there; > 1. */
  readonly novelty: number;
}

export const defaultChooserOptions: ChooserOptions = { memory: 32, hysteresis: 8, novelty: 2.5 };

const NEW = -2;
const NONE = -1;
/** Memories that a centroid averages over: it follows a state that drifts, more slowly than the embedding does. */
const CENTROID_MEMORIES = 16;
/** Until the first adapter has seen so many memories of windows, there is no usual distance. */
const YOUNG_MEMORIES = 4;
/** Stays shorter than this many memories are too short to adapt in. */
const SHORT_MEMORIES = 4;
/** Short stays that two adapters must have alternated in, and nothing else, before they become one. */
const TOGETHER_MIN = 8;

/**
 * Which adapter is for the state that the machine is in: the nearest neighbour of a task embedding, the running mean of
 * what the frozen model's last adapted layer reads. A state that is far from all known ones gets an adapter of its own,
 * a copy of the nearest, while there is room. Two that the machine only ever alternates between, in stays too short to
 * adapt in, are one. Allocates nothing after creation.
 */
export class AdapterChooser {
  readonly arrays: readonly (Float32Array | Float64Array)[];
  switches = 0;
  merges = 0;
  /** The embedding, [dimensions]. */
  private readonly embedding: Float32Array;
  /** The embedding's own running mean: far from it, the embedding is still on its way from one state to another. */
  private readonly trail: Float32Array;
  /** Active adapter, candidate, windows in a row for it, windows since the last switch, windows seen. */
  private readonly head = new Float64Array([0, NONE, 0, 0, 0]);
  /**
   * Whom each adapter alternates with, and in how many stays more than with others (Boyer and Moore's majority vote).
   */
  private readonly partner: Float64Array;
  private readonly together: Float64Array;
  private readonly places: TaskDistances;
  private readonly has = (adapter: number): boolean => this.pool.has(adapter);

  /** @param merged hears of two adapters that became one */
  constructor(
    private readonly options: ChooserOptions,
    private readonly pool: AdapterPool,
    readonly dimensions: number,
    private readonly merged: (into: number, other: number) => void,
  ) {
    const { adaptersMax } = pool;
    this.embedding = new Float32Array(dimensions);
    this.trail = new Float32Array(dimensions);
    this.partner = new Float64Array(adaptersMax).fill(NONE);
    this.together = new Float64Array(adaptersMax);
    this.places = new TaskDistances(adaptersMax, dimensions);
    this.arrays = [this.embedding, this.trail, this.head, this.partner, this.together, ...this.places.arrays];
  }

  get active(): number {
    return this.head[0]!;
  }

  /** Takes the activations of one window, [dimensions], and returns the adapter for it. @param scale real per unit */
  push(activations: Int16Array, scale: number): number {
    const { embedding, trail, head, options } = this;
    head[4]!++;
    const rate = 1 / Math.min(head[4]!, options.memory);
    for (let i = 0; i < embedding.length; i++) {
      embedding[i] = embedding[i]! + rate * (scale * activations[i]! - embedding[i]!);
      trail[i] = trail[i]! + rate * (embedding[i]! - trail[i]!);
    }
    head[3]!++;
    this.consider(this.wanted());
    return this.active;
  }

  /** Where an adapter belongs, [dimensions], real units of the activations. */
  placeOf(adapter: number): number[] {
    return this.places.placeOf(adapter);
  }

  /** An adapter that came from outside belongs there. */
  putPlace(adapter: number, place: readonly number[]): void {
    this.places.found(Float32Array.from(place), adapter, this.active);
  }

  /** On the way between states the nearest adapter is the best guess; only where the way ends can a state be new. */
  private wanted(): number {
    const { active, places, pool, options } = this;
    const nearest = places.measure(this.embedding, this.has);
    if (pool.count === 1 && places.windowsOf(active) < YOUNG_MEMORIES * options.memory) return active;
    const near = options.novelty * places.usualOf(nearest);
    const isNew = places.distances[nearest]! > near && this.distanceToTrail() <= near;
    return isNew && pool.count < pool.adaptersMax ? NEW : nearest;
  }

  private distanceToTrail(): number {
    let sum = 0;
    for (let i = 0; i < this.trail.length; i++) {
      const d = this.embedding[i]! - this.trail[i]!;
      sum += d * d;
    }
    return Math.sqrt(sum);
  }

  private consider(wanted: number): void {
    const { head, options, places, active } = this;
    if (wanted === active) {
      head[1] = NONE;
      head[2] = 0;
      places.follow(this.embedding, active, 1 / (CENTROID_MEMORIES * options.memory));
      return;
    }
    head[2] = wanted === head[1] ? head[2]! + 1 : 1;
    head[1] = wanted;
    if (head[2]! >= options.hysteresis) this.change(wanted);
  }

  private change(wanted: number): void {
    const { head, active, places } = this;
    let next = wanted;
    if (wanted === NEW) {
      const like = places.measure(this.embedding, this.has);
      next = this.pool.create(like);
      this.partner[next] = NONE;
      places.found(this.embedding, next, like);
    }
    const short = head[3]! < SHORT_MEMORIES * this.options.memory;
    head[0] = next;
    head[1] = NONE;
    head[2] = 0;
    head[3] = 0;
    this.switches++;
    this.vote(active, short ? next : NONE);
    if (this.areOne(active, next)) this.join(active, next);
  }

  /** After a stay of `from` the machine went on to `to`; NONE when the stay was a long one. */
  private vote(from: number, to: number): void {
    if (this.partner[from] === to) this.together[from]!++;
    else if (this.together[from]! > 0) this.together[from]!--;
    else {
      this.partner[from] = to;
      this.together[from] = 1;
    }
  }

  private areOne(a: number, b: number): boolean {
    const { partner, together, pool } = this;
    const mutual = partner[a] === b && partner[b] === a;
    return mutual && Math.min(together[a]!, together[b]!) >= TOGETHER_MIN && !pool.isPinned(a) && !pool.isPinned(b);
  }

  private join(a: number, b: number): void {
    const [into, other] = a < b ? [a, b] : [b, a];
    this.pool.merge(into, other);
    this.places.merge(into, other);
    this.partner[into] = NONE;
    this.together[into] = 0;
    this.head[0] = into;
    this.merges++;
    this.merged(into, other);
  }
}
