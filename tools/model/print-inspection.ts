import type { ModelCard } from '../../protocols/model-card.ts';
import type { BoardFit } from './board-fit.ts';
import type { ModelReport, OperatorReport, TensorReport } from './inspection.ts';
import { printable } from './printable.ts';

/** The report of `model inspect` for people, one line per operator. */
export function printInspection(report: ModelReport): string {
  const lines = [
    `${report.bytes} bytes${report.description === '' ? '' : `, ${printable(report.description)}`}`,
    ...report.inputs.map((tensor) => `input   ${describe(tensor)}`),
    ...report.outputs.map((tensor) => `output  ${describe(tensor)}`),
    '',
    ...report.operators.map(operatorLine),
    '',
    ...costLines(report),
    ...report.boards.filter(({ reason }) => reason !== report.refusal || report.runnable).map(boardLine),
  ];
  for (const { operator, rows, inFeatures, outFeatures } of report.adapterPoints) {
    const times = rows === 1 ? '' : `, ${rows} rows`;
    lines.push(`adapter point at operator ${operator}: ${inFeatures} -> ${outFeatures}${times}`);
  }
  return `${[...lines, ...cardLines(report)].join('\n')}\n`;
}

function costLines({ runnable, refusal, multiplyAdds, arenaBytes, numerics, memory }: ModelReport): string[] {
  if (!runnable || memory === null) return [`cannot run here: ${printable(refusal)}`];
  const { packedBytes, plannedBytes, aliveBytesMax, tensorBytesMax, scratchBytesMax } = memory;
  return [
    `${multiplyAdds} multiply-adds, ${arenaBytes} bytes of memory, numerics ${numerics}`,
    `  ${packedBytes} bytes of packed weights and tables`,
    `  ${plannedBytes} bytes that tensors and scratch share (at one time at most ${aliveBytesMax}: ` +
      `tensors ${tensorBytesMax}, scratch of an operator ${scratchBytesMax})`,
  ];
}

function boardLine({ board, fits, reason, arenaBytes, arenaBytesMax, learning }: BoardFit): string {
  if (!fits) return `does not fit board ${board}: ${printable(reason)}`;
  const learns =
    learning === null ? '' : `; ${learning.points} adapter points can learn there, with ${learning.bytes} bytes`;
  return `fits board ${board} (${arenaBytes} of ${arenaBytesMax} bytes)${learns}`;
}

function operatorLine(operator: OperatorReport, index: number): string {
  const weights = operator.inputs.find((tensor) => tensor?.constant && tensor.scales > 0);
  const parts = [
    `${String(index).padStart(3)} ${printable(operator.operator).padEnd(18)}`,
    describe(operator.inputs.find((tensor) => tensor !== null && !tensor.constant) ?? null),
    '->',
    describe(operator.outputs[0] ?? null),
  ];
  if (weights) {
    const kind = weights.scales > 1 ? `${weights.scales} channel scales` : `scale ${shorten(weights.scale)}`;
    parts.push(`| weights [${weights.shape}] ${kind}`);
  }
  if (operator.multiplyAdds) parts.push(`| ${operator.multiplyAdds} multiply-adds`);
  return parts.join(' ');
}

function describe(tensor: TensorReport | null): string {
  if (tensor === null) return '-';
  const scale = tensor.scales === 0 ? '' : ` (q - ${tensor.zeroPoint}) * ${shorten(tensor.scale)}`;
  return `${tensor.type}[${tensor.shape}]${scale}`;
}

function cardLines({ card, cardFault, metadata }: ModelReport): string[] {
  if (cardFault !== '') return ['', `model card: ${printable(cardFault)}`];
  if (card === null) return metadata.map(({ name, bytes }) => `metadata ${printable(name)}: ${bytes} bytes`);
  const { channels, window, stride, features } = card;
  const [task, known] = taskLines(card);
  return [
    '',
    `model card: ${task}`,
    `  ${channels.length} channels, windows of ${window} every ${stride} samples, ${features.kind} features`,
    `  ${known}`,
  ];
}

/** What the model decides, and how well that is known. */
function taskLines(card: ModelCard): [string, string] {
  switch (card.task) {
    case 'classification': {
      const { labels, accuracy } = card;
      const classes = `${labels.length} classes (${labels.map(printable).join(', ')})`;
      if (accuracy === undefined) return [classes, 'accuracy not known: the model comes from elsewhere'];
      const { float, int8 } = accuracy;
      return [classes, `accuracy on held-back windows: float ${percent(float)}, int8 ${percent(int8)}`];
    }
    case 'regression': {
      const names = card.outputs.map(({ name, unit = '' }) => printable(`${name} ${unit}`.trim()));
      const ranges = card.outputs.flatMap(({ name, range }) =>
        range === undefined ? [] : `${printable(name)} ${range.low} to ${range.high}`,
      );
      return [`a regressor of ${names.join(', ')}`, ranges.length === 0 ? 'no ranges given' : ranges.join(', ')];
    }
    case 'anomaly':
      return ['an autoencoder', `anomalies score above ${shorten(card.threshold)}`];
  }
}

function shorten(value: number | null): string {
  return value === null ? '?' : String(Number(value.toPrecision(6)));
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
