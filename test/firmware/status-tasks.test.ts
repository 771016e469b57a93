import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createFigures } from '../../firmware/figures.ts';
import { statusOf } from '../../firmware/status.ts';
import { liveView } from '../../firmware/status-view.ts';
import type { DecisionReport } from '../../firmware/worker/letters.ts';
import { NO_DRIFT } from '../../kernels/learning/drift-episodes.ts';
import { ANOMALY_LABELS, type ModelCard } from '../../protocols/model-card.ts';
import { cardOf } from '../support/classifier.ts';

const { labels: _, accuracy: __, ...common } = cardOf({ channels: 1, hidden: [], classes: 2, seed: 0 });
const REGRESSOR: ModelCard = {
  ...{ ...common, task: 'regression', labels: [] },
  outputs: [{ name: 'flow', unit: 'm3/h' }, { name: 'heat' }],
};
const ANOMALY: ModelCard = { ...common, task: 'anomaly', labels: [...ANOMALY_LABELS], threshold: 0.5 };

const statusAfter = (card: ModelCard, changes: Partial<DecisionReport>) => {
  const figures = createFigures(['frozen'], 8);
  const blank = { index: 0, valid: true, label: -1, confidence: 0, drift: 0, episodes: NO_DRIFT, truth: -1 };
  const report = { ...blank, thresholds: [], ...changes };
  figures.decided({ ...report, weights: [1], expertLabels: [report.label] } as unknown as DecisionReport, 100);
  return statusOf({
    ...{ node: 'press', card, experts: ['frozen'], figures, labelCounts: new Map(), latency: { percentile: () => 80 } },
    ...{ workerRestarts: 0, counters: {}, health: {}, uptimeMs: 1_000, rssBytes: 1e8 },
  });
};

const status = suite('status: tasks');

status('a regressor: its values by name, with the digits that float32 has, and no class', () => {
  const now = statusAfter(REGRESSOR, { values: Float32Array.of(12.3, -0.1) });
  assert.equal([now.values, now.decision, now.score], [{ flow: 12.3, heat: -0.1 }, null, undefined]);
  assert.match(liveView(now, 1, 'mqtt://x'), /decision {6}flow 12\.3 {2}heat -0\.1\n/);
});

status('an anomaly model: its score beside the threshold in force', () => {
  const now = statusAfter(ANOMALY, {
    label: 1,
    confidence: 0.7475,
    values: Float32Array.of(1.5),
    thresholds: Float64Array.of(0.5, 0.7),
  });
  assert.equal([now.decision, now.score, now.threshold, now.values], ['anomaly', 1.5, 0.7, undefined]);
  assert.match(liveView(now, 1, 'mqtt://x'), /decision {6}anomaly {2}74\.8% {2}score 1\.5 of 0\.7\n/);
});

status('of a window that could not be judged there is neither value nor score', () => {
  for (const card of [REGRESSOR, ANOMALY]) {
    const now = statusAfter(card, { valid: false, values: Float32Array.of(0, 0) });
    assert.equal([now.values, now.score, now.threshold, now.decision], [undefined, undefined, undefined, null]);
    assert.match(liveView(now, 1, 'mqtt://x'), /decision {6}not judged\n/);
  }
});

status.run();
