import type { AnomalyFigures, AnomalyReport } from './anomaly-score.ts';
import type { CalibrationReport } from './calibration-score.ts';
import type { RegressionReport } from './regression-score.ts';
import type { ExpertReport, ReplayReport } from './report.ts';

const NAME_WIDTH = 14;
const COLUMN_WIDTH = 12;

/** The report for a person. */
export function printReplay(stream: NodeJS.WritableStream, report: ReplayReport): void {
  const perSecond = Math.round((report.windows / Math.max(1, report.elapsedMs)) * 1000);
  const lines = [
    ...table(report),
    '',
    ...probeLines(report),
    ...driftLines(report),
    `${report.windows} windows of ${report.nodes.length} node${report.nodes.length === 1 ? '' : 's'}, ` +
      `${report.scored} scored, ${report.labels} labels revealed, ${report.adapterParameters} adapter parameters`,
    ...gossipLines(report),
    `${report.elapsedMs} ms, ${perSecond} windows/s, decisions ${report.decisionFingerprint}`,
    ...(report.calibration === undefined ? [] : [calibrationLine(report.calibration)]),
    ...(report.unknownLabels > 0 ? [`${report.unknownLabels} windows have a label the model does not know`] : []),
    ...(report.invalidWindows > 0 ? [`${report.invalidWindows} windows miss too many samples to be judged`] : []),
  ];
  stream.write(`${lines.join('\n')}\n`);
}

function calibrationLine({ eceBefore, eceAfter }: CalibrationReport): string {
  return `expected calibration error ${percent(eceBefore)}, ${percent(eceAfter)} after calibration`;
}

function table(report: ReplayReport): string[] {
  if (report.regression !== undefined) return errorTable(report.regression);
  if (report.anomaly !== undefined) return anomalyTable(report.anomaly);
  const rows = [...Object.entries(report.experts), ...Object.entries(report.baselines ?? {})];
  return [
    row('', ['accuracy', '2nd half', 'worst node', 'vs frozen']),
    ...rows.map(([name, expert]) => row(name, figures(expert))),
  ];
}

function probeLines({ probe }: ReplayReport): string[] {
  if (probe === undefined) return [];
  const change = ({ before, after }: { before: number; after: number }): string =>
    `${percent(before)} before, ${percent(after)} after`;
  const experts = Object.entries(probe.experts).map(([name, share]) => `${name} ${change(share)}`);
  return [`probe, ${probe.windows} windows: ${change(probe)} (${experts.join('; ')})`];
}

function gossipLines({ gossip, bytesPerNode, baselines }: ReplayReport): string[] {
  const average = baselines?.fedavg?.bytesPerNode;
  const sent = (who: string, bytes: number): string => `${who} sent ${bytes} bytes a node`;
  const lines = average === undefined ? [] : [sent('fedavg', average)];
  if (gossip === undefined) return lines;
  const { cycles, everyWindows, defence, liars, messageBytesMax } = gossip;
  const lied = liars === 0 ? '' : `; ${liars} nodes lied and are not counted above`;
  const how = `${cycles} cycles of gossip, one each ${everyWindows} windows, defence ${defence}`;
  return [`${sent(how, bytesPerNode)}, at most ${messageBytesMax} in a message${lied}`, ...lines];
}

const EPISODES_SHOWN = 10;

function driftLines({ driftEpisodes, nodes }: ReplayReport): string[] {
  const hidden = driftEpisodes.length - EPISODES_SHOWN;
  return [
    ...driftEpisodes.slice(0, EPISODES_SHOWN).map(({ node, cause, begin, end, peak }) => {
      const where = nodes.length === 1 ? '' : ` of ${visible(node)}`;
      const when = end === null ? `from window ${begin} on` : `windows ${begin} to ${end}`;
      return `drift${where} by ${cause}: ${when}, peak ${peak.toPrecision(3)}`;
    }),
    ...(hidden > 0 ? [`and ${hidden} episodes more (--json has all)`] : []),
  ];
}

function errorTable({ output, unit, targets, experts }: RegressionReport): string[] {
  if (targets === 0) return ['no window has a target: the label column of the recording holds no numbers'];
  const of = visible(`${output}${unit === undefined ? '' : ` in ${unit}`}`);
  return [
    row('', ['mean error', 'rms error']),
    ...Object.entries(experts).map(([name, errors]) => row(name, [`${errors?.mae}`, `${errors?.rmse}`])),
    `of ${of}, over ${targets} windows whose target is known`,
  ];
}

const SEGMENTS_SHOWN = 20;

function anomalyTable({ threshold, thresholdAtEnd, segments, ...whole }: AnomalyReport): string[] {
  const share = (value: number | null): string => (value === null ? '-' : percent(value));
  const line = (name: string, figure: AnomalyFigures): string => {
    const { windows, flagged, anomalous, accuracy, auc, meanScore } = figure;
    const score = meanScore === null ? '-' : meanScore.toPrecision(4);
    return row(name, [`${windows}`, `${anomalous}`, `${flagged}`, share(accuracy), auc?.toFixed(3) ?? '-', score]);
  };
  const detector = (of: AnomalyFigures): string[] =>
    Object.entries(of.experts).map(([name, { auc, falseAlarms, detected }]) =>
      row(`  ${name}`, [auc?.toFixed(3) ?? '-', share(falseAlarms), share(detected)]),
    );
  const parts = [
    { name: 'all', figure: whole },
    ...segments.map((one) => ({ name: visible(`${one.node} ${one.segment}`), figure: one })),
  ];
  const shown = parts.slice(0, SEGMENTS_SHOWN + 1);
  const hidden = parts.length - shown.length;
  const followed = thresholdAtEnd === threshold ? '' : `, ${thresholdAtEnd.toPrecision(4)} in the end`;
  return [
    row('', ['windows', 'anomalous', 'flagged', 'accuracy', 'AUC', 'mean score']),
    ...shown.map(({ name, figure }) => line(name, figure)),
    '',
    row('', ['AUC', 'false alarms', 'detected']),
    ...shown.flatMap(({ name, figure }) => [name, ...detector(figure)]),
    ...(hidden > 0 ? [`and ${hidden} segments more (--json has all)`] : []),
    `flagged: scored above ${threshold.toPrecision(4)}${followed}`,
    ...(whole.asking + whole.held > 0
      ? [`a person was asked for ${whole.asking} windows, and had objected for ${whole.held}`]
      : []),
  ];
}

function figures({ accuracy, secondHalf, worstNode, worstDelta }: ExpertReport): string[] {
  return [
    percent(accuracy),
    percent(secondHalf),
    percent(worstNode),
    `${worstDelta < 0 ? '' : '+'}${percent(worstDelta)}`,
  ];
}

function row(name: string, cells: readonly string[]): string {
  return name.padEnd(NAME_WIDTH) + cells.map((cell) => cell.padStart(COLUMN_WIDTH)).join('');
}

/** Names in a recording must not steer the terminal. */
function visible(text: string): string {
  return text.replace(/\p{C}/gu, '?');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
