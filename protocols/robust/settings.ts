/** Every bound and constant of robust aggregation, with its reason; figures in docs/mesh-robust.md. */
export const ROBUST = {
  clip: {
    /** Distinct peers remembered: a hypercube of 2^16 members has 16 partners, so nobody is forgotten too early. */
    peers: 16,
    /** Four cycles of that hypercube. */
    ageMax: 64,
    reach: 1,
  },
} as const;
