/** What the nodes of a recording do together after each window of all of them. */
export interface Exchange {
  /** @param present places of the nodes whose recording goes on, in its order */
  tick(present: readonly number[]): void;
}
