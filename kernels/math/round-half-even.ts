const MAGIC = 6755399441055744; // 1.5 * 2^52: adding it leaves no fraction bits, the CPU rounds to even

/** Nearest integer, ties to even (IEEE 754 roundTiesToEven), for |x| < 2^51; larger doubles come back unchanged. */
export function roundHalfEven(x: number): number {
  return x < 2251799813685248 && x > -2251799813685248 ? x + MAGIC - MAGIC : x;
}
