import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readRecording } from '../../firmware/io/recording.ts';
import { ownExpertNames } from '../../firmware/pipeline.ts';
import type { NodeEnd } from '../../firmware/running-node.ts';
import { CommandError } from '../../tools/errors.ts';
import { rankAuc } from '../../tools/replay/rank-auc.ts';
import { replay } from '../../tools/replay/replay.ts';
import type { ReplayReport } from '../../tools/replay/report.ts';
import { lastObject, myrmex, myrmexctl } from '../end-to-end/programs.ts';
import { temporaryFolder } from '../support/machine-recording.ts';
import { seeded } from '../support/models.ts';
import { autoencoder, fileOf, regressor } from '../support/task-models.ts';
import { anomalyRecording, measuredRecording, recordingOf } from '../support/task-recordings.ts';

const replays = suite('replay: tasks');
const OPTIONS = { labelRate: 0, seed: 0, experts: ownExpertNames, baselines: [], now: () => 0 };

replays('the area under the curve is the share of pairs in the right order, ties counting half', () => {
  const of = (normal: number[], odd: number[]) =>
    rankAuc([...normal.map((score) => ({ score, odd: false })), ...odd.map((score) => ({ score, odd: true }))]);
  assert.is(of([1, 2], [3, 4]), 1);
  assert.is(of([3, 4], [1, 2]), 0);
  assert.is(of([1, 1], [1, 1]), 0.5);
  assert.is(of([], [1]), null);
  assert.is(of([1], []), null);
  const random = seeded(5);
  const [normal, odd] = [40, 25].map((n) => Array.from({ length: n }, () => Math.floor(random() * 12)));
  let pairs = 0;
  for (const a of odd!) for (const b of normal!) pairs += a > b ? 1 : a === b ? 0.5 : 0;
  assert.ok(Math.abs(of(normal!, odd!)! - pairs / 1_000) < 1e-12);
});

replays('a regressor: errors over the windows with a target, in the output’s own unit', async () => {
  const recording = await readRecording(await measuredRecording(3, 2), { targets: true });
  const model = fileOf(regressor({ name: 'flow', unit: 'm3/h' }));
  const report = replay({ ...OPTIONS, recording, model, labelRate: 1 });
  assert.equal([report.task, report.windows, report.scored, report.labels], ['regression', 2_000, 0, 0]);
  const { output, unit, targets, experts } = report.regression!;
  assert.equal({ output, unit, targets }, { output: 'flow', unit: 'm3/h', targets: 1_600 });
  assert.equal(Object.keys(experts), ['frozen', 'mixture']);
  // Every target is 2 above what the model was made for, which it gives to within its grid.
  const { mae, rmse } = experts.frozen!;
  assert.ok(Math.abs(mae - 2) < 0.05 && Math.abs(rmse - 2) < 0.06 && rmse > mae, `${mae} ${rmse}`);
  assert.equal(experts.mixture, experts.frozen);
});

replays('targets that are no numbers are refused with their line', async () => {
  const path = await recordingOf(
    ['channel0', 'channel1'],
    [
      ['1', 0, '1.5', 1, 1],
      ['1', 1, 'high', 1, 1],
    ],
  );
  try {
    await readRecording(path, { targets: true });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /line 3: label "high" is not a number, and the model measures/);
  }
});

replays('an anomaly model: accuracy and ranks by segment; whatever is not called normal is an anomaly', async () => {
  const recording = await readRecording(await anomalyRecording(4));
  const report = replay({ ...OPTIONS, recording, model: fileOf(autoencoder(0.05)), labelRate: 0.5 });
  const { anomaly } = report;
  assert.equal([report.task, report.windows, anomaly!.windows, anomaly!.threshold], ['anomaly', 600, 600, 0.05]);
  const [monday, tuesday] = anomaly!.segments;
  assert.equal([monday!.segment, monday!.normal, monday!.anomalous, monday!.auc], ['monday', 266, 0, null]);
  assert.equal([tuesday!.segment, tuesday!.normal, tuesday!.anomalous], ['tuesday', 150, 50]);
  // A leak adds 1 to a channel whose share of the normal direction is 0.2: a score of (1 - 0.04) / 4 and some noise.
  assert.ok(tuesday!.auc! > 0.99 && tuesday!.accuracy! > 0.99, `${tuesday!.auc} ${tuesday!.accuracy}`);
  assert.ok(Math.abs(tuesday!.meanScore! - monday!.meanScore! - 0.24 / 4) < 0.02);
  assert.is(report.scored, 466);
  assert.is(report.experts.mixture!.accuracy, anomaly!.accuracy);
  assert.equal(Object.keys(anomaly!.experts), ['frozen', 'local', 'mixture']);
  assert.is(anomaly!.experts.mixture!.auc, anomaly!.auc);
  const { falseAlarms, detected, auc } = tuesday!.experts.frozen!;
  assert.ok(falseAlarms! < 0.02 && detected! > 0.95 && auc! > 0.99, `${falseAlarms} ${detected} ${auc}`);
  assert.ok(report.labels > 180 && report.labels < 290, `${report.labels} labels kept`);
  const hidden = replay({
    ...{ ...OPTIONS, recording: await readRecording(await anomalyRecording(4, 0)) },
    model: fileOf(autoencoder(0.05)),
  });
  assert.ok(Math.abs(hidden.anomaly!.auc! - 0.5) < 0.1, 'a leak that does not show is told by chance');
});

replays('baselines are for classifiers', async () => {
  const recording = await readRecording(await anomalyRecording(4));
  const play = () => replay({ ...OPTIONS, recording, model: fileOf(autoencoder()), baselines: ['full'] });
  assert.throws(play, (error: unknown) => error instanceof CommandError && /for classifiers/.test(error.message));
});

replays('run decides as replay does, says what cannot help, and keeps the labels', async () => {
  const folder = await temporaryFolder();
  const cases = [
    { name: 'flow', model: regressor(), recording: await measuredRecording(6), labels: false },
    { name: 'leak', model: autoencoder(), recording: await anomalyRecording(6), labels: true },
  ];
  for (const { name, model, recording, labels } of cases) {
    const path = join(folder, `${name}.tflite`);
    await writeFile(path, fileOf(model));
    const flags = [recording, '--model', path, '--label-rate', '0.2', '--seed', '3', '--json'];
    const [replayed, ran] = [myrmexctl('replay', ...flags), myrmex('run', '--port', '0', '--recording', ...flags)];
    assert.is(await replayed.ended, 0, replayed.stderr());
    assert.is(await ran.ended, 0, ran.stderr());
    const [end, report] = [lastObject<NodeEnd>(ran), lastObject<ReplayReport>(replayed)];
    assert.is(end.decisionFingerprint, report.decisionFingerprint);
    assert.equal([end.windows, end.published, end.labels], [report.windows, report.windows, report.labels]);
    assert.is(end.labels > 20, labels);
    assert.is(end.experts.mixture!.accuracy, labels ? report.anomaly!.accuracy : null);
    const idle = labels
      ? /renormalised, linear, context cannot help .*: the others decide/
      : /renormalised, local, .* cannot help .*: frozen decides alone/;
    assert.match(ran.stderr(), idle);
    if (labels) assert.ok(end.score! > 0 && end.threshold! >= 0.05 && end.decision !== null);
    else assert.ok(typeof end.values!.flow === 'number' && end.decision === null);
  }
});

replays('the tables for people name the task’s figures', async () => {
  const folder = await temporaryFolder();
  const table = async (model: Uint8Array, recording: string): Promise<string> => {
    const path = join(folder, 'model.tflite');
    await writeFile(path, model);
    const played = myrmexctl('replay', recording, '--model', path);
    assert.is(await played.ended, 0, played.stderr());
    return played.stdout();
  };
  assert.match(
    await table(fileOf(regressor()), await measuredRecording(7)),
    /mean error .*rms error[\s\S]*frozen +0\.0/,
  );
  assert.match(await table(fileOf(autoencoder()), await anomalyRecording(7)), /AUC[\s\S]*press-7 tuesday +200 +50/);
});

replays.run();
