import type { Random } from '../random.ts';
import { ReplayBuffer } from './replay-buffer.ts';

const FREE = -1;

/**
 * A bounded sample of a stream's normal windows to learn from, old ones ever rarer: a full reservoir gives up a window
 * drawn at random, so that ages spread exponentially with a mean of `capacity` windows taken (Aggarwal 2006, "On biased
 * reservoir sampling"). Yesterday's loads and seasons stay in the mix, last year's fade.
 */
export class NormalWindows {
  /** The windows themselves, all of one class. */
  readonly replay: ReplayBuffer;
  /** Index in the stream of the window in each slot. */
  private readonly indices: Float64Array;
  private readonly scratch: Float32Array;

  /** @param code how a normalised feature is kept in a byte, as the model's own input does */
  constructor(capacity: number, features: number, code: { readonly scale: number; readonly zeroPoint: number }) {
    const alike = { classes: 1, alpha: 0, factoryWindows: 0, factoryShare: 0 };
    this.replay = new ReplayBuffer({ capacity, featureCount: features, ...alike, ...code });
    this.indices = new Float64Array(capacity).fill(FREE);
    this.scratch = new Float32Array(features);
  }

  get count(): number {
    return this.replay.count;
  }

  /** Takes a window in, normalised [features]; returns its slot. */
  add(index: number, z: Float32Array, random: Random): number {
    const { replay, indices } = this;
    const slot = replay.count < replay.capacity ? replay.count : random.integer(replay.capacity);
    replay.put(slot, z, 0);
    indices[slot] = index;
    return slot;
  }

  /** A window turned out not to be normal: another one takes its place. */
  forget(index: number): void {
    const slot = this.indices.indexOf(index);
    if (slot < 0) return;
    const other = (slot + 1) % this.replay.count;
    this.replay.read(other, this.scratch);
    this.replay.put(slot, this.scratch, 0);
    this.indices[slot] = this.indices[other]!;
  }

  /** Nothing here counts as normal any more but this one window: it takes the place of all. Returns a slot of it. */
  restart(index: number, z: Float32Array): number {
    const slots = Math.max(1, this.replay.count);
    for (let slot = 0; slot < slots; slot++) {
      this.replay.put(slot, z, 0);
      this.indices[slot] = index;
    }
    return 0;
  }
}
