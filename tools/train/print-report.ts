import type { TrainReport } from './train-model.ts';

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** What a person wants to know after training, one fact per line. */
export function printReport(stream: NodeJS.WritableStream, out: string, report: TrainReport): void {
  const { features, accuracy, scalings } = report;
  const left = report.unlabelledWindows + report.invalidWindows;
  const lines = [
    `windows     ${report.windows} labelled: ${report.trainingWindows} to train, ${report.heldBackWindows} held back` +
      (left > 0 ? `; left out: ${report.unlabelledWindows} unlabelled, ${report.invalidWindows} with gaps` : ''),
    `classes     ${report.labels.join(', ')}`,
    `features    ${features.count} ${features.kind}`,
    ...scalings.map(
      ({ scaling, clean, drifted }, i) =>
        `${i === 0 ? 'scaling   ' : '          '}  ${scaling}: ${percent(clean)}, ` +
        `${percent(drifted)} under simulated drift${i === 0 ? '  (chosen)' : ''}`,
    ),
    `held back   float ${percent(accuracy.float)}, int8 ${percent(accuracy.int8)}`,
    `model       ${out}: ${report.parameters} parameters, ${report.modelBytes} bytes, fitted on all windows`,
  ];
  stream.write(`${lines.join('\n')}\n`);
}
