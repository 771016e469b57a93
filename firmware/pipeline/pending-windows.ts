const EMPTY = -1;

/**
 * The latest windows as they were decided, for when their labels come: raw features, and what every expert said. A
 * ring addressed by the window's index, so that neither storing nor finding one searches.
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

  constructor(
    private readonly capacity: number,
    features: number,
    experts: number,
    classes: number,
  ) {
    const slots = Array.from({ length: capacity }, (_, slot) => slot);
    const allFeatures = new Float32Array(capacity * features);
    const allProbabilities = new Float32Array(capacity * experts * classes);
    const allExpertLabels = new Int16Array(capacity * experts);
    this.featuresOf = slots.map((slot) => allFeatures.subarray(slot * features, (slot + 1) * features));
    this.probabilitiesOf = slots.map((slot) =>
      allProbabilities.subarray(slot * experts * classes, (slot + 1) * experts * classes),
    );
    this.expertLabelsOf = slots.map((slot) => allExpertLabels.subarray(slot * experts, (slot + 1) * experts));
    this.indices = new Float64Array(capacity).fill(EMPTY);
    this.labels = new Int16Array(capacity);
    this.decisions = new Int16Array(capacity);
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
    return this.indices[slot] === index ? slot : EMPTY;
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
  }
}
