/** Bounds of dissemination, with the reasons. */
export const DISSEMINATION = {
  /** Children of a relay: with 4, a thousand members are five levels deep. */
  arity: 4,
  /** Relays between the origin and a member. 4^12 is more than any fleet; a longer path is a loop or a lie. */
  depthMax: 12,
  /** Candidates that a relay chooses from, the first in the order of places. */
  candidatesMax: 4,
  /** Without a word for this long a relay is given up; it says `busy` four times as often. */
  silenceMs: 4_000,
  wordsPerSilence: 4,
  /** Times that one relay is asked before another takes its place: at 20 % loss both go lost once in 25 times. */
  triesOfRelay: 2,
  /** … and the last one that is left of a range: at 20 % loss nothing reaches it once in 15,000 times. */
  triesOfLast: 6,
  /** Nodes that may have given one range: as many as give it up one after the other. */
  parentsMax: 4,
  /** Ranges a node is responsible for at one time. */
  tasksMax: 64,
  /** Topics × origins whose newest publication is known; a node keeps each on disk, 48 KiB at most: 3 MiB. */
  streamsMax: 64,
  /** Members that one word names as missed: 512 × 65 bytes fit in a message. Of more, the first are named. */
  missedMax: 512,
  choice: { forgetting: 0.98, exploration: 0.1, halfMs: 500, remembered: 1_024 },
} as const;
