import type { ExpertReport, ReplayReport } from './report.ts';

const NAME_WIDTH = 14;
const COLUMN_WIDTH = 12;

/** The report for a person. */
export function printReplay(stream: NodeJS.WritableStream, report: ReplayReport): void {
  const rows = [...Object.entries(report.experts), ...Object.entries(report.baselines ?? {})];
  const perSecond = Math.round((report.windows / Math.max(1, report.elapsedMs)) * 1000);
  const lines = [
    row('', ['accuracy', '2nd half', 'worst node', 'vs frozen']),
    ...rows.map(([name, expert]) => row(name, figures(expert))),
    '',
    `${report.windows} windows of ${report.nodes.length} node${report.nodes.length === 1 ? '' : 's'}, ` +
      `${report.scored} scored, ${report.labels} labels revealed, ${report.adapterParameters} adapter parameters`,
    `${report.elapsedMs} ms, ${perSecond} windows/s, decisions ${report.decisionFingerprint}`,
    ...(report.unknownLabels > 0 ? [`${report.unknownLabels} windows have a label the model does not know`] : []),
    ...(report.invalidWindows > 0 ? [`${report.invalidWindows} windows miss too many samples to be judged`] : []),
  ];
  stream.write(`${lines.join('\n')}\n`);
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

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
