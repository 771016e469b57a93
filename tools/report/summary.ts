import type { NodeReplay } from '../replay/node-replay.ts';
import type { ReplayReport } from '../replay/report.ts';
import { type Html, html } from './html.ts';
import { type Cell, figure, percent, points, table } from './table.ts';

/** How right everyone was, over all nodes. */
export const summaryTable = (report: ReplayReport): Html => {
  if (report.regression !== undefined) return errorTable(report.regression);
  if (report.anomaly !== undefined) return anomalyTable(report.anomaly);
  const rows = [...Object.entries(report.experts), ...Object.entries(report.baselines ?? {})];
  return table(
    'Right, over all scored windows; baselines are no part of a node',
    ['', 'accuracy', 'second half', 'worst node', 'worst against frozen, points'],
    rows.map(([name, { accuracy, secondHalf, worstNode, worstDelta }]) => [
      ...[name, percent(accuracy), percent(secondHalf), percent(worstNode), points(worstDelta)],
    ]),
  );
};

const errorTable = ({ output, unit, targets, experts }: NonNullable<ReplayReport['regression']>): Html =>
  table(
    `Errors of ${output}${unit === undefined ? '' : ` in ${unit}`}, over ${targets} windows whose target is known`,
    ['', 'mean error', 'root mean square error'],
    Object.entries(experts).map(([name, errors]) => [
      ...[name, figure(`${errors?.mae ?? '–'}`), figure(`${errors?.rmse ?? '–'}`)],
    ]),
  );

const anomalyTable = (report: NonNullable<ReplayReport['anomaly']>): Html => {
  const { windows, flagged, normal, anomalous, accuracy, auc, meanScore, threshold } = report;
  return table(
    `Scores against the threshold ${threshold.toPrecision(4)}`,
    ['', 'windows', 'flagged', 'labelled normal', 'labelled anomalous', 'accuracy', 'AUC', 'mean score'],
    [
      [
        ...['all', ...[windows, flagged, normal, anomalous].map((count) => figure(`${count}`)), percent(accuracy)],
        ...[auc, meanScore].map((value) => figure(value === null ? '–' : value.toPrecision(4))),
      ],
    ],
  );
};

/** Every node in a row; the curves of the first ones follow. */
export const nodesTable = (report: ReplayReport, rowsMax: number): Html => {
  const names = Object.keys(report.experts);
  const classes = report.scored > 0;
  const rows = report.nodes
    .slice(0, rowsMax)
    .map((node): Cell[] => [
      ...[node.node, figure(`${node.windows}`), figure(`${node.labels}`)],
      ...(classes ? names.map((name) => percent(Number(node[name]))) : []),
      ...(classes ? [points(Number(node.mixture) - Number(node.frozen))] : []),
    ]);
  const hidden = report.nodes.length - rows.length;
  const head = classes ? [...names, 'mixture against frozen, points'] : [];
  const caption = `By node${hidden > 0 ? `, the first ${rows.length} of ${report.nodes.length} (--json has all)` : ''}`;
  return table(caption, ['node', 'windows', 'labels', ...head], rows);
};

/** What the adapters and the rest of what is learned take. */
export const sizesTable = ({ pipeline }: NodeReplay): Html => {
  const { adapterParameters, snapshotBytes, arenaBytes } = pipeline;
  const kib = (bytes: number): Cell => figure(`${(bytes / 1024).toFixed(1)} KiB`);
  return table(
    'Of each node',
    ['what', 'size'],
    [
      ['trained values of its adapters', figure(`${adapterParameters}`)],
      ['the same as float32', kib(4 * adapterParameters)],
      ['everything learned, as stored: adapters, optimiser, statistics, weights', kib(snapshotBytes)],
      ['memory of the engine', kib(arenaBytes)],
    ],
  );
};

/** In words, for who reads nothing else. */
export const summaryWords = (report: ReplayReport): Html => {
  const { windows, scored, labels, nodes, invalidWindows, unknownLabels, elapsedMs } = report;
  const more = [
    ...(invalidWindows > 0 ? [`${invalidWindows} windows missed too many samples to be judged.`] : []),
    ...(unknownLabels > 0 ? [`${unknownLabels} windows have a label that the model does not know.`] : []),
  ].join(' ');
  return html`<p>${windows} windows of ${nodes.length} node${nodes.length === 1 ? '' : 's'}, ${scored} scored, ${labels}
labels revealed after their window had been decided; ${(elapsedMs / 1_000).toFixed(1)} s. ${more}
Fingerprint of all decisions: <code>${report.decisionFingerprint}</code></p>`;
};
