/**
 * Area under the receiver operating characteristic: the chance that an anomaly scores above something normal, ties
 * counting half. Exact, by ranks (Mann and Whitney 1947; Hanley and McNeil 1982). null unless both kinds are there.
 */
export function rankAuc(windows: readonly { readonly score: number; readonly odd: boolean }[]): number | null {
  const sorted = [...windows].sort((a, b) => a.score - b.score);
  const odd = sorted.reduce((count, window) => count + (window.odd ? 1 : 0), 0);
  const normal = sorted.length - odd;
  if (odd === 0 || normal === 0) return null;
  let rankSum = 0;
  for (let from = 0; from < sorted.length; ) {
    let to = from;
    while (to < sorted.length && sorted[to]!.score === sorted[from]!.score) to++;
    // Equal scores share the mean of their ranks from + 1 to `to`.
    const rank = (from + 1 + to) / 2;
    for (; from < to; from++) if (sorted[from]!.odd) rankSum += rank;
  }
  return (rankSum - (odd * (odd + 1)) / 2) / (odd * normal);
}
