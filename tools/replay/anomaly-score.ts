import type { Decision } from '../../firmware/pipeline.ts';
import { digits } from './digits.ts';
import { rankAuc } from './rank-auc.ts';

/** How well one expert, or the mixture, tells the normal from the rest. */
export interface DetectorFigures {
  /** Judged windows that scored above the threshold in force. */
  readonly flagged: number;
  /** Of the windows labelled normal, and of those labelled otherwise, the share flagged; null without one. */
  readonly falseAlarms: number | null;
  readonly detected: number | null;
  /** Of score / threshold; null unless both kinds are there. */
  readonly auc: number | null;
}

/** How well scores tell the normal from the rest, over some windows; the mixture's where nothing else is said. */
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
  readonly experts: Readonly<Record<string, DetectorFigures>>;
  /** Windows after which learning without labels stood still and a person was asked, or had answered "anomaly". */
  readonly asking: number;
  readonly held: number;
}

export interface AnomalyReport extends AnomalyFigures {
  /** As shipped; of the mixture after the last window, the mean over the nodes. */
  readonly threshold: number;
  readonly thresholdAtEnd: number;
  readonly segments: readonly (AnomalyFigures & { readonly node: string; readonly segment: string })[];
}

interface ScoredWindow {
  readonly segment: string;
  readonly score: number;
  readonly guard: Decision['guard'];
  /** [experts, mixture] score / threshold. */
  readonly odds: readonly number[];
  /** 0 normal, 1 not, -1 unknown. */
  readonly truth: number;
}

/** Keeps every score of one node of a recording. */
export class AnomalyScore {
  private readonly windows: ScoredWindow[] = [];
  private threshold = Number.NaN;

  /** @param experts in the order of the decisions */
  constructor(
    readonly node: string,
    private readonly experts: readonly string[],
  ) {}

  add(segment: string, { values, expertValues, thresholds, guard }: Decision, truth: number): void {
    const scores = [...expertValues, values[0]!];
    this.threshold = thresholds[thresholds.length - 1]!;
    this.windows.push({ segment, score: values[0]!, guard, odds: scores.map((s, e) => s / thresholds[e]!), truth });
  }

  static report(nodes: readonly AnomalyScore[], threshold: number): AnomalyReport {
    const names = [...nodes[0]!.experts, 'mixture'];
    const segments = nodes.flatMap(({ node, windows }) =>
      [...bySegment(windows)].map(([segment, own]) => ({ node, segment, ...figures(own, names) })),
    );
    const whole = nodes.flatMap(({ windows }) => windows);
    const judged = nodes.filter(({ windows }) => windows.length > 0);
    const thresholdAtEnd = digits(judged.reduce((sum, node) => sum + node.threshold, 0) / Math.max(1, judged.length));
    return { threshold, thresholdAtEnd, ...figures(whole, names), segments };
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

function figures(windows: readonly ScoredWindow[], names: readonly string[]): AnomalyFigures {
  const known = windows.filter(({ truth }) => truth >= 0);
  const anomalous = known.filter(({ truth }) => truth === 1).length;
  const mixture = names.length - 1;
  const right = known.filter(({ odds, truth }) => odds[mixture]! > 1 === (truth === 1)).length;
  const experts = Object.fromEntries(names.map((name, e) => [name, detector(windows, e)]));
  const mean = windows.reduce((sum, { score }) => sum + score, 0) / windows.length;
  return {
    windows: windows.length,
    flagged: experts.mixture!.flagged,
    normal: known.length - anomalous,
    anomalous,
    accuracy: known.length === 0 ? null : digits(right / known.length),
    auc: experts.mixture!.auc,
    meanScore: windows.length === 0 ? null : digits(mean),
    experts,
    asking: windows.filter(({ guard }) => guard === 'asking').length,
    held: windows.filter(({ guard }) => guard === 'held').length,
  };
}

function detector(windows: readonly ScoredWindow[], e: number): DetectorFigures {
  const flagged = (kind: (truth: number) => boolean): readonly [number, number] => {
    const own = windows.filter(({ truth }) => kind(truth));
    return [own.filter(({ odds }) => odds[e]! > 1).length, own.length];
  };
  const share = ([of, all]: readonly [number, number]): number | null => (all === 0 ? null : digits(of / all));
  const known = windows.filter(({ truth }) => truth >= 0);
  const auc = rankAuc(known.map(({ odds, truth }) => ({ score: odds[e]!, odd: truth === 1 })));
  return {
    flagged: flagged(() => true)[0],
    falseAlarms: share(flagged((truth) => truth === 0)),
    detected: share(flagged((truth) => truth === 1)),
    auc: auc === null ? null : digits(auc),
  };
}
