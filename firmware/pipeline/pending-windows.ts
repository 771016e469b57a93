const EMPTY = -1;

/** Windows whose label was asked for: people answer later than the ring of the latest windows reaches. */
export const KEPT_WINDOWS = 16;

/**
 * The latest windows as they were decided, for when their labels come: raw features, and what every expert said. A
 * ring addressed by the window's index, so that neither storing nor finding one searches; behind it a few kept ones.
 */
export class PendingWindows {
  /** Views of every slot, made once. */
  private readonly featuresOf: readonly Float32Array[];
  private readonly probabilitiesOf: readonly Float32Array[];
  private readonly expertLabelsOf: readonly Int16Array[];
  /** Index of the window in every slot; doubles, since a stream may outlive 2^32 windows. */
  private readonly indices: Float64Array;
  private readonly labels: Int16Array;
  private readonly decisions: Int16Array;
  private kept = 0;

  constructor(
    private readonly capacity: number,
    features: number,
    experts: number,
    classes: number,
  ) {
    const all = capacity + KEPT_WINDOWS;
    const slots = Array.from({ length: all }, (_, slot) => slot);
    const allFeatures = new Float32Array(all * features);
    const allProbabilities = new Float32Array(all * experts * classes);
    const allExpertLabels = new Int16Array(all * experts);
    this.featuresOf = slots.map((slot) => allFeatures.subarray(slot * features, (slot + 1) * features));
    this.probabilitiesOf = slots.map((slot) =>
      allProbabilities.subarray(slot * experts * classes, (slot + 1) * experts * classes),
    );
    this.expertLabelsOf = slots.map((slot) => allExpertLabels.subarray(slot * experts, (slot + 1) * experts));
    this.indices = new Float64Array(all).fill(EMPTY);
    this.labels = new Int16Array(all);
    this.decisions = new Int16Array(all);
  }

  /** Remembers a window in the place of the oldest; a window with this index counts as not labelled from now on. */
  add(
    index: number,
    features: Float32Array,
    probabilities: Float32Array,
    expertLabels: Int16Array,
    decided: number,
  ): void {
    const slot = index % this.capacity;
    this.indices[slot] = index;
    this.labels[slot] = EMPTY;
    this.decisions[slot] = decided;
    this.featuresOf[slot]!.set(features);
    this.probabilitiesOf[slot]!.set(probabilities);
    this.expertLabelsOf[slot]!.set(expertLabels);
  }

  /** Slot of a window, or -1 when it is not (or no longer) here. */
  find(index: number): number {
    if (!(Number.isSafeInteger(index) && index >= 0)) return EMPTY;
    const slot = index % this.capacity;
    return this.indices[slot] === index ? slot : this.findKept(index);
  }

  /** Keeps a window beyond its time in the ring, in the place of the one kept longest. */
  keep(index: number): void {
    const from = this.find(index);
    if (from < 0 || from >= this.capacity) return;
    const to = this.capacity + (this.kept % KEPT_WINDOWS);
    this.kept++;
    this.indices[to] = index;
    this.labels[to] = this.labels[from]!;
    this.decisions[to] = this.decisions[from]!;
    this.featuresOf[to]!.set(this.featuresOf[from]!);
    this.probabilitiesOf[to]!.set(this.probabilitiesOf[from]!);
    this.expertLabelsOf[to]!.set(this.expertLabelsOf[from]!);
  }

  /** [features], raw. */
  features(slot: number): Float32Array {
    return this.featuresOf[slot]!;
  }

  /** [experts × classes]. */
  probabilities(slot: number): Float32Array {
    return this.probabilitiesOf[slot]!;
  }

  /** [experts]. */
  expertLabels(slot: number): Int16Array {
    return this.expertLabelsOf[slot]!;
  }

  /** What the mixture had said; -1 where there are no classes. */
  decided(slot: number): number {
    return this.decisions[slot]!;
  }

  /** The label that came first, or -1. */
  labelOf(slot: number): number {
    return this.labels[slot]!;
  }

  setLabel(slot: number, label: number): void {
    this.labels[slot] = label;
    const copy = this.findKept(this.indices[slot]!);
    if (copy >= 0) this.labels[copy] = label;
  }

  private findKept(index: number): number {
    for (let slot = this.capacity; slot < this.indices.length; slot++) if (this.indices[slot] === index) return slot;
    return EMPTY;
  }
}
