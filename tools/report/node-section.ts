import type { NodeReplay } from '../replay/node-replay.ts';
import { type Chart, chartsOf, type Stretch } from './chart-data.ts';
import { type Html, html } from './html.ts';
import { type Cell, figure, percent, table } from './table.ts';

export interface NodeSectionOptions {
  /** Place of the node on the page; charts of one node share a cursor. */
  readonly at: number;
  readonly open: boolean;
  /** Places of the baselines that are shown. */
  readonly baselines: ReadonlySet<number>;
  /** Rows of the table of segments. */
  readonly segmentsMax: number;
  readonly episodes: readonly Stretch[];
  /** Collects what the page's script draws. */
  readonly charts: Chart[];
}

/** One node: its curves, which need the script, and the same by segment and episode as tables, which do not. */
export const nodeSection = (node: NodeReplay, options: NodeSectionOptions): Html => {
  const { at, open, episodes, charts } = options;
  const points = node.curves!.points();
  const own = chartsOf(node.curves!, points, options.baselines, episodes);
  const figures = own.map((chart) => {
    charts.push(chart);
    const label = `${chart.title}: ${chart.names.join(', ')}, over ${node.windows} windows`;
    return html`<figure><figcaption>${chart.title}</figcaption>
<div data-chart="${charts.length - 1}" data-node="n${at}" role="img" aria-label="${label}"></div></figure>`;
  });
  const heading = `${node.node}: ${node.windows} windows, ${node.labels} labels`;
  return html`<details class="node"${open ? html` open` : ''}><summary>${heading}</summary>
${segmentTable(node, options)}
${episodes.length === 0 ? '' : episodeTable(episodes)}
${figures}</details>
`;
};

const segmentTable = ({ curves }: NodeReplay, { baselines, segmentsMax }: NodeSectionOptions): Html => {
  const { columns, segments, baselineCount } = curves!;
  const judges = columns.filter(({ kind }) => kind === 'accuracy');
  const first = judges.length - baselineCount;
  const shown = judges
    .map(({ name }, at) => ({ name, at }))
    .filter(({ at }) => at < first || baselines.has(at - first));
  const rows = segments
    .slice(0, segmentsMax)
    .map(({ segment, windows, scored, labels, right, driftSum }): Cell[] => [
      ...[segment, figure(`${windows}`), figure(`${labels}`)],
      ...shown.map(({ at }) => percent(scored === 0 ? null : right[at]! / scored)),
      figure((driftSum / windows).toPrecision(3)),
    ]);
  const hidden = segments.length - rows.length;
  const caption = `By segment${hidden > 0 ? `, the first ${rows.length} of ${segments.length}` : ''}`;
  return table(caption, ['segment', 'windows', 'labels', ...shown.map(({ name }) => name), 'mean drift'], rows);
};

const EPISODES_SHOWN = 50;

const episodeTable = (episodes: readonly Stretch[]): Html =>
  table(
    `Episodes of drift${episodes.length > EPISODES_SHOWN ? `, the first ${EPISODES_SHOWN} of ${episodes.length}` : ''}`,
    ['episode', 'from window', 'to window'],
    episodes.slice(0, EPISODES_SHOWN).map(([from, to], at) => [`${at + 1}`, figure(`${from}`), figure(`${to}`)]),
  );
