import type { AutoencoderReport, ClassifierReport, TrainReport } from './report.ts';

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** What a person wants to know after training, one fact per line. */
export function printReport(stream: NodeJS.WritableStream, out: string, report: TrainReport): void {
  const lines = [
    ...(report.task === 'classification' ? classifier(report) : autoencoder(report)),
    `model       ${out}: ${report.parameters} parameters, ${report.modelBytes} bytes, fitted on all windows` +
      (report.task === 'anomaly' ? ' that are normal' : ''),
  ];
  stream.write(`${lines.join('\n')}\n`);
}

function classifier(report: ClassifierReport): string[] {
  const { features, accuracy, scalings } = report;
  const left = report.unlabelledWindows + report.invalidWindows;
  return [
    `windows     ${report.windows} labelled: ${report.trainingWindows} to train, ${report.heldBackWindows} held back` +
      (left > 0 ? `; left out: ${report.unlabelledWindows} unlabelled, ${report.invalidWindows} with gaps` : ''),
    `classes     ${report.labels.join(', ')}`,
    `features    ${features.count} ${features.kind}`,
    ...scalings.map(
      ({ scaling, clean, drifted }, i) =>
        `${i === 0 ? 'scaling   ' : '          '}  ${scaling}: ${percent(clean)}, ` +
        `${percent(drifted)} under simulated drift${i === 0 ? '  (chosen)' : ''}`,
    ),
    ...(report.model === 'conv' ? [epochs(report)] : []),
    `held back   float ${percent(accuracy.float)}, int8 ${percent(accuracy.int8)}`,
  ];
}

function autoencoder(report: AutoencoderReport): string[] {
  const { features, anomaly, anomalousWindows } = report;
  const left = report.unlabelledWindows + report.invalidWindows + anomalousWindows;
  const { error, threshold, quantile, auc } = anomaly;
  return [
    `windows     ${report.windows} normal: ${report.trainingWindows} to train, ${report.heldBackWindows} held back` +
      (left > 0
        ? `; left out: ${anomalousWindows} anomalous, ${report.unlabelledWindows} mixed, ` +
          `${report.invalidWindows} with gaps`
        : ''),
    `features    ${features.count} ${features.kind}`,
    epochs(report),
    `held back   mean square error float ${error.float.toPrecision(3)}, int8 ${error.int8.toPrecision(3)}` +
      (auc === null ? '' : `; AUC against the anomalous windows ${auc.toFixed(3)}`),
    `threshold   ${threshold.toPrecision(4)}: ${percent(quantile)} of the held-back windows do not score above it`,
  ];
}

function epochs({ epochs }: TrainReport): string {
  return `passes      ${epochs}, by the loss on the windows held back`;
}
