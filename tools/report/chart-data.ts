import type { CurveKind, NodeCurves } from '../replay/node-curves.ts';
import type { CurvePoints } from '../replay/stream-curve.ts';

/** Segment borders and episodes beyond these would hide the curves, and fill the page. */
const BORDERS_MAX = 200;
const EPISODES_MAX = 200;

/** A stretch of windows, `to` not included. */
export type Stretch = readonly [from: number, to: number];

/** What page-script.mjs draws: curves over the windows of one node. */
export interface Chart {
  readonly title: string;
  readonly names: readonly string[];
  /** [points], [names][points] */
  readonly x: readonly number[];
  readonly y: readonly (readonly (number | null)[])[];
  /** The values are shares: the axis ends at 0 and 1. */
  readonly share: boolean;
  /** Windows at which a segment begins. */
  readonly segments: readonly number[];
  readonly episodes: readonly Stretch[];
}

const TITLES: Readonly<Record<CurveKind, string>> = {
  accuracy: 'Share right',
  weight: 'Weights in the mixture',
  drift: 'Distance of the stream from the factory, in factory deviations',
  score: 'Anomaly score',
  error: 'Absolute error',
};

/**
 * The charts of one node. @param baselines those of the accuracy columns' baselines that are shown, by their place
 * @param episodes stretches of drift
 */
export const chartsOf = (
  curves: NodeCurves,
  points: CurvePoints,
  baselines: ReadonlySet<number>,
  episodes: readonly Stretch[],
): Chart[] => {
  const { columns } = curves;
  const judges = columns.filter(({ kind }) => kind === 'accuracy').length;
  const first = judges - curves.baselineCount;
  const shown = columns
    .map((column, at) => ({ ...column, at }))
    .filter(({ kind, at }) => kind !== 'accuracy' || at < first || baselines.has(at - first));
  return (Object.keys(TITLES) as CurveKind[]).flatMap((kind) => {
    const own = shown.filter((column) => column.kind === kind);
    if (own.length === 0) return [];
    const share = kind === 'accuracy' || kind === 'weight';
    const brief = share
      ? (value: number) => Math.round(value * 1e3) / 1e3
      : (value: number) => Number(value.toPrecision(4));
    return {
      ...{ title: TITLES[kind], names: own.map(({ name }) => name), x: points.at, share },
      y: own.map(({ at }) => points.means[at]!.map((value) => (value === null ? null : brief(value)))),
      segments: curves.segments.slice(1, BORDERS_MAX).map(({ from }) => from),
      episodes: episodes.slice(0, EPISODES_MAX),
    };
  });
};
