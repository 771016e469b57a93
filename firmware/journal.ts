/** One learned label as it lies on disk: what the replay buffer needs to hold the window again after a restart. */
export interface JournalEntry {
  /** Place in the replay buffer; a later entry with the same slot replaced this one. */
  readonly slot: number;
  /** Counts learned labels for the life of the model's state: orders entries, and tells which a snapshot contains. */
  readonly sequence: number;
  /** `<epoch>-<index>` */
  readonly window: string;
  /** Class index of the model. */
  readonly label: number;
  /** [features], raw: before any normalisation. */
  readonly features: Float32Array;
}
