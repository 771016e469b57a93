/** Fleets of 2^12 members and four orders have 48 partners; a third of them is sample enough for a median. */
const PEERS = 16;
const AGE_MAX = 4 * PEERS;

const clip = { peers: PEERS, ageMax: AGE_MAX, reach: 1 };

/** Every bound and constant of robust aggregation, with its reason; figures in docs/mesh-robust.md. */
export const ROBUST = {
  /** Adapters are of the order of 1; a larger parameter than this is no honest one. */
  valueMax: 1e4,
  clip,
  /** 13 candidates with the own one: Krum tolerates 5 liars, and 20 % liars exceed that one time in fifty. */
  neighbourhood: { peers: 12, ageMax: AGE_MAX, clip },
  trust: {
    peers: PEERS,
    ageMax: AGE_MAX,
    remembered: 256,
    agreementRate: 0.25,
    refusalsKeep: 0.9,
    reputation: { agreementNone: 0.25, agreementFull: 0.6, scoreMin: 0.02 },
    harmScale: { peers: PEERS, ageMax: AGE_MAX, othersMin: 4, deviations: 6, natsMin: 0.05, natsMax: 0.5 },
    /** One false quarantine in a million contributions; 15 harmful ones in a row are found out. */
    harmTest: { honestHarmMax: 0.2, stake: 2, evidenceMax: 13.8 },
    /** The heaviest honest message (`GOSSIP_LIMITS.weightMax`): folding gives away all, and loss piles weight up. */
    edges: { slack: 8, keep: 0.8, edges: 256 },
  },
} as const;
