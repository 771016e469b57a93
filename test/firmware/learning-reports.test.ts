import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createLearningReports } from '../../firmware/learning-reports.ts';
import { createVitals } from '../../firmware/vitals.ts';
import { healthOnWire } from '../../firmware/vitals-on-wire.ts';
import { GUARD_PHASES } from '../../kernels/learning/slow-change-guard.ts';

const reports = suite('learning reports');
const said = {
  valid: true,
  adapter: 0,
  thresholds: Float64Array.of(0.5, 0.75),
  guard: 'learning' as const,
  rise: 0.25,
};

reports('an anomaly model: the threshold in force, the share of the rise, and a question while one is open', () => {
  const vitals = createVitals(() => {});
  const { decided } = createLearningReports(vitals, 1);
  decided(said);
  assert.equal(vitals.counters, { anomalyThreshold: 0.75, slowChange: 0.25 });
  decided({ ...said, guard: 'asking', rise: 1.5 });
  assert.match(vitals.health.slowChange!, /sensor or the machine/);
  decided({ ...said, guard: 'held' });
  assert.match(vitals.health.slowChange!, /taken back/);
  decided({ ...said, guard: 'held', valid: false, rise: 9 });
  assert.is(vitals.counters.slowChange, 0.25, 'a window that was not judged says nothing');
  decided(said);
  assert.equal(vitals.health, {});
});

reports('what it says fits on the wire whole', () => {
  for (const guard of GUARD_PHASES) {
    const vitals = createVitals(() => {});
    createLearningReports(vitals, 1).decided({ ...said, guard });
    assert.equal(healthOnWire(vitals.health), vitals.health);
  }
});

reports('a classifier has nothing of this, and a frozen anomaly model its threshold alone', () => {
  const vitals = createVitals(() => {});
  const { decided } = createLearningReports(vitals, 1);
  decided({ ...said, thresholds: new Float64Array(0), guard: null });
  assert.equal(vitals.counters, {});
  decided({ ...said, guard: null });
  assert.equal(vitals.counters, { anomalyThreshold: 0.75 });
});

reports.run();
