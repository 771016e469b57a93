import type { FleetReport } from './report.ts';

const NAME_WIDTH = 14;
const COLUMN_WIDTH = 12;

/** The report for a person. */
export function printFleet(stream: NodeJS.WritableStream, report: FleetReport): void {
  const { nodes, broker, windows, labels, bytesPerNode, messagesPerNode, messageBytesMax, elapsedMs } = report;
  const rows = Object.entries(report.experts).map(([name, { accuracy, secondHalf, worstNode, worstDelta }]) =>
    row(name, [percent(accuracy), percent(secondHalf), percent(worstNode), signed(worstDelta)]),
  );
  const lines = [
    row('', ['accuracy', '2nd half', 'worst node', 'vs frozen']),
    ...rows,
    '',
    `${windows} windows of ${nodes.length} nodes through ${broker}, ${labels} labels learned`,
    `${messagesPerNode} messages and ${bytesPerNode} bytes sent by each node, the largest ${messageBytesMax} bytes`,
    `${(elapsedMs / 1_000).toFixed(1)} s`,
  ];
  stream.write(`${lines.join('\n')}\n`);
}

const row = (name: string, cells: readonly string[]): string =>
  name.padEnd(NAME_WIDTH) + cells.map((cell) => cell.padStart(COLUMN_WIDTH)).join('');
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const signed = (share: number): string => `${share >= 0 ? '+' : ''}${(100 * share).toFixed(1)}`;
