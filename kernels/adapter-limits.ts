/** Ranks beyond this would not be low; the projection's scratch is sized for it. */
export const ADAPTER_RANK_MAX = 64;
