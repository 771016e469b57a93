/** Every bound of gossip in one place. */
export const GOSSIP_LIMITS = {
  /** Members of one schedule: 13 hypercube rounds, fold and unfold. A larger fleet is several sites. */
  membersMax: 16_384,
  /** Rounds of one cycle; the number on the wire stays below it. */
  roundsMax: 32,
  /** Slices an adapter may be split into, one a cycle. */
  lanesMax: 256,
  /** Scaled pieces of one slice: a scale takes two bytes of the message. */
  partsMax: 64,
  /** int8 values of one message: with scales, envelope (120 B), signature (90 B) and topic (150 B) it stays < 1 KiB. */
  valuesMax: 600,
  /** Bytes of values and scales with two bits more a value, which an edge's first messages have. */
  fineBytesMax: 640,
  /** Slices up to which every edge remembers what both ends agreed on: four bytes a parameter, edge and direction. */
  anchoredLanesMax: 8,
  /** Bytes of values in one message: what the float64 form of `valuesMax` takes. */
  valueBytesMax: 4_800,
  /** Peers with a ledger, per lane; the longest given up gives way. */
  edgesMax: 1_024,
  /** Rumours that ride in one message. */
  rumoursMax: 2,
  /** Rumours a node still has to pass on; the oldest gives way. */
  rumoursKept: 16,
  /** Push-sum weight is counted in grains of 2^-24: halving stays exact for 24 rounds, and every sum. */
  grainsPerUnit: 16_777_216,
  /** Mass of one message, in units. In a healthy fleet a node holds from 1/2 to 2 units. */
  weightMax: 8,
  /** A node gives nothing more while it holds less than this, in units: silence must not eat its say. */
  weightMin: 1 / 8,
  /** Nothing is split off that is smaller than this share of what is already under way on the edge: it would drown in
   *  the rounding of the whole. */
  shareMin: 1 / 2,
  /** Cycle numbers; at one a second 136 years. */
  cycleMax: 4_294_967_295,
} as const;
