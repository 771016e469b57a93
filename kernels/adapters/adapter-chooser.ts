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

export const defaultChooserOptions: ChooserOptions = { memory: 32, hysteresis: 16, novelty: 2.5 };

const NEW = -2;
const NONE = -1;
/** Memories that a centroid averages over: it follows a state that drifts, more slowly than the embedding does. */
const CENTROID_MEMORIES = 16;
/** Until an adapter has seen so many memories of windows, its usual distance is not one. */
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
  /** Active adapter, candidate, windows in a row for it, windows since the last switch, windows seen. */
  private readonly head = new Float64Array([0, NONE, 0, 0, 0]);
  /**
   * Whom each adapter alternates with, and in how many stays more than with others (Boyer and Moore's
   * majority vote).
   */
  private readonly partner: Float64Array;
  private readonly together: Float64Array;
  private readonly places: TaskDistances;
  private readonly has = (adapter: number): boolean => this.pool.has(adapter);

  /** @param merged hears of two adapters that became one */
  constructor(
    private readonly options: ChooserOptions,
    private readonly pool: AdapterPool,
    dimensions: number,
    private readonly merged: (into: number, other: number) => void,
  ) {
    const { adaptersMax } = pool;
    this.embedding = new Float32Array(dimensions);
    this.partner = new Float64Array(adaptersMax).fill(NONE);
    this.together = new Float64Array(adaptersMax);
    this.places = new TaskDistances(adaptersMax, dimensions);
    this.arrays = [this.embedding, this.head, this.partner, this.together, ...this.places.arrays];
  }

  get active(): number {
    return this.head[0]!;
  }

  /** Takes the activations of one window, [dimensions], and returns the adapter for it. @param scale real per unit */
  push(activations: Int16Array, scale: number): number {
    const { embedding, head, options } = this;
    head[4]!++;
    const rate = 1 / Math.min(head[4]!, options.memory);
    for (let i = 0; i < embedding.length; i++) {
      embedding[i] = embedding[i]! + rate * (scale * activations[i]! - embedding[i]!);
    }
    head[3]!++;
    this.consider(this.wanted());
    return this.active;
  }

  /** An adapter came from outside, for the state that the embedding shows now. */
  place(adapter: number): void {
    this.places.found(this.embedding, adapter, this.active);
  }

  private wanted(): number {
    const { active, places } = this;
    const { distances } = places;
    const nearest = places.measure(this.embedding, this.has);
    const young = YOUNG_MEMORIES * this.options.memory;
    if (places.windowsOf(active) < young) return active;
    const far = distances[nearest]! > this.options.novelty * places.usualOf(nearest);
    if (far && this.pool.count < this.pool.adaptersMax) return NEW;
    return nearest;
  }

  private consider(wanted: number): void {
    const { head, options, places, active } = this;
    if (wanted === active) {
      head[1] = NONE;
      head[2] = 0;
      const young = places.windowsOf(active) < YOUNG_MEMORIES * options.memory;
      places.follow(this.embedding, active, 1 / (options.memory * (young ? 1 : CENTROID_MEMORIES)));
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
    else this.partner[from] = to;
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
