import { digits } from './digits.ts';
import { rankAuc } from './rank-auc.ts';

/** How well scores tell the normal from the rest, over some windows. */
export interface AnomalyFigures {
  /** Judged windows, and those among them that scored above the threshold. */
  readonly windows: number;
  readonly flagged: number;
  /** Windows labelled normal, and labelled otherwise. */
  readonly normal: number;
  readonly anomalous: number;
  /** Share of the labelled windows that were told right; null without one. */
  readonly accuracy: number | null;
  /** null unless both kinds are there. */
  readonly auc: number | null;
  readonly meanScore: number | null;
}

export interface AnomalyReport extends AnomalyFigures {
  readonly threshold: number;
  readonly segments: readonly (AnomalyFigures & { readonly node: string; readonly segment: string })[];
}

interface ScoredWindow {
  readonly segment: string;
  readonly score: number;
  readonly flagged: boolean;
  /** 0 normal, 1 not, -1 unknown. */
  readonly truth: number;
}

/** Keeps every score of one node of a recording. */
export class AnomalyScore {
  private readonly windows: ScoredWindow[] = [];

  constructor(readonly node: string) {}

  add(segment: string, score: number, label: number, truth: number): void {
    this.windows.push({ segment, score, flagged: label === 1, truth });
  }

  static report(nodes: readonly AnomalyScore[], threshold: number): AnomalyReport {
    const segments = nodes.flatMap(({ node, windows }) =>
      [...bySegment(windows)].map(([segment, own]) => ({ node, segment, ...figures(own) })),
    );
    return { threshold, ...figures(nodes.flatMap(({ windows }) => windows)), segments };
  }
}

function bySegment(windows: readonly ScoredWindow[]): Map<string, ScoredWindow[]> {
  const groups = new Map<string, ScoredWindow[]>();
  for (const window of windows) {
    const group = groups.get(window.segment);
    if (group === undefined) groups.set(window.segment, [window]);
    else group.push(window);
  }
  return groups;
}

function figures(windows: readonly ScoredWindow[]): AnomalyFigures {
  const known = windows.filter(({ truth }) => truth >= 0);
  const anomalous = known.filter(({ truth }) => truth === 1).length;
  const right = known.filter(({ flagged, truth }) => flagged === (truth === 1)).length;
  const auc = rankAuc(known.map(({ score, truth }) => ({ score, odd: truth === 1 })));
  const mean = windows.reduce((sum, { score }) => sum + score, 0) / windows.length;
  return {
    windows: windows.length,
    flagged: windows.filter(({ flagged }) => flagged).length,
    normal: known.length - anomalous,
    anomalous,
    accuracy: known.length === 0 ? null : digits(right / known.length),
    auc: auc === null ? null : digits(auc),
    meanScore: windows.length === 0 ? null : digits(mean),
  };
}
