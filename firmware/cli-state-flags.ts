/** Which state: a directory, or the one of a configured gateway. */
export interface StateFlags {
  readonly state?: string;
  readonly config?: string;
}
