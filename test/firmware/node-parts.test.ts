import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BOARD_NAMES, boardProfile } from '../../boards/registry.ts';
import { faultOfProfile } from '../../boards/schema.ts';
import { parseDuration } from '../../firmware/cli-duration.ts';
import { createClosers } from '../../firmware/closers.ts';
import { checkConfiguration } from '../../firmware/configuration.ts';
import { demoConfiguration } from '../../firmware/demo/configuration.ts';
import { createFigures } from '../../firmware/figures.ts';
import { createLabeller } from '../../firmware/labeller.ts';
import { createSnapshots } from '../../firmware/snapshots.ts';
import { createVitals } from '../../firmware/vitals.ts';
import type { DecisionReport, OutcomeReport } from '../../firmware/worker/letters.ts';

const parts = suite('parts of the node');

parts('the labeller answers its share, late within bounds, each once, the same every time', () => {
  const answersOf = () => {
    const labeller = createLabeller({ seed: 4, rate: 0.25, delayMsMin: 500, delayMsMax: 2_000 });
    const given: { index: number; late: number }[] = [];
    for (let index = 0, now = 0; index < 4_000; index++, now += 40) {
      labeller.consider(index, index % 3, now);
      for (const answer of labeller.due(now)) {
        assert.is(answer.label, answer.index % 3);
        given.push({ index: answer.index, late: now - answer.index * 40 });
      }
    }
    return given;
  };
  const given = answersOf();
  assert.ok(given.length > 900 && given.length < 1_100, `${given.length} answers`);
  assert.is(new Set(given.map(({ index }) => index)).size, given.length);
  assert.ok(given.every(({ late }) => late >= 500 && late <= 2_040));
  assert.equal(answersOf(), given);
});

parts('a window whose truth nobody knows is never answered', () => {
  const labeller = createLabeller({ seed: 4, rate: 1, delayMsMin: 0, delayMsMax: 0 });
  labeller.consider(1, -1, 0);
  assert.equal(labeller.due(1_000), []);
});

parts('snapshots: at most one a period, one after a label, one in ten minutes without', () => {
  let asked = 0;
  const snapshots = createSnapshots({
    request: () => ++asked > 0,
    put: async () => {},
    failed: () => {},
  });
  for (let now = 0; now < 50_000; now += 250) snapshots.tick(now);
  assert.is(asked, 0);
  snapshots.learned();
  for (let now = 50_000; now < 59_000; now += 250) snapshots.tick(now);
  assert.is(asked, 1);
  for (let now = 59_000; now < 69_000; now += 250) {
    snapshots.learned();
    snapshots.tick(now);
  }
  assert.is(asked, 5, 'a stream of labels costs one in three seconds');
  for (let now = 69_000; now < 673_000; now += 250) snapshots.tick(now);
  assert.is(asked, 7);
});

parts('snapshots: a disk that is slower than the period is not given more to do', async () => {
  let asked = 0;
  let written = (): void => {};
  const snapshots = createSnapshots({
    request: () => ++asked > 0,
    put: () =>
      new Promise((resolve) => {
        written = resolve;
      }),
    failed: () => {},
  });
  snapshots.learned();
  snapshots.tick(3_000);
  snapshots.arrived(Uint8Array.of(1));
  snapshots.learned();
  for (let now = 3_000; now < 600_000; now += 250) snapshots.tick(now);
  assert.is(asked, 1);
  written();
  await new Promise(setImmediate);
  snapshots.tick(600_000);
  assert.is(asked, 2);
});

parts('snapshots: one that could not be written is tried again, and a flush waits for the newest', async () => {
  const put: number[] = [];
  const told: unknown[] = [];
  let asked = 0;
  let broken = true;
  const snapshots = createSnapshots({
    request: () => ++asked > 0,
    put: async ([first]) => {
      if (broken) throw new Error('disk full');
      put.push(first!);
    },
    failed: (error) => told.push(error),
  });
  snapshots.learned();
  snapshots.tick(3_000);
  snapshots.arrived(Uint8Array.of(1));
  await new Promise(setImmediate);
  assert.is(told.length, 1);
  broken = false;
  snapshots.tick(6_000);
  assert.is(asked, 2);
  const flushed = snapshots.flush();
  snapshots.arrived(Uint8Array.of(2));
  await flushed;
  assert.equal(put, [2]);
  assert.is(told.length, 1);
});

parts('vitals: counters add up; a trouble is told when it begins, changes and ends, and never twice', () => {
  const told: string[] = [];
  const vitals = createVitals((text) => told.push(text));
  vitals.count('outboxDropped');
  vitals.count('outboxDropped', 2);
  vitals.set('outboxEntries', 7);
  vitals.trouble('storage', 'disk full');
  vitals.trouble('storage', 'disk full');
  assert.equal([vitals.counters, vitals.health], [{ outboxDropped: 3, outboxEntries: 7 }, { storage: 'disk full' }]);
  vitals.well('storage');
  vitals.well('storage');
  assert.equal([told, vitals.health], [['disk full', 'storage is well again'], {}]);
  assert.throws(() => {
    for (let i = 0; i < 1_000; i++) vitals.count(`made${i}`);
  }, /more than 128 names/);
});

const decision = (index: number, label: number, truth: number): DecisionReport =>
  ({
    index,
    valid: label >= 0,
    label,
    truth,
    weights: [0.5, 0.5],
    values: [],
    thresholds: [],
    expertLabels: [0, label],
  }) as unknown as DecisionReport;

parts('figures: gaps in the numbers are dropped windows, and only judged windows are scored', () => {
  const figures = createFigures(['frozen', 'local'], 8);
  figures.decided(decision(0, 1, 1), 100);
  figures.decided(decision(4, 0, 1), 200);
  figures.decided(decision(5, -1, 1), 300);
  assert.equal([figures.windows, figures.dropped, figures.invalid, figures.scored], [3, 3, 1, 2]);
  assert.is(figures.firstDecisionMs, 100);
  assert.is(figures.accuracy('mixture').accuracy, 0.5);
  assert.is(figures.accuracy('frozen').accuracy, 0);
});

parts('figures: where the source knows no truth, labels score what had been said before', () => {
  const figures = createFigures(['frozen', 'local'], 8);
  assert.is(figures.accuracy('mixture').accuracy, null);
  figures.decided(decision(3, 1, -1), 0);
  const outcome = { index: 3, label: 1, status: 'learned', expertLabels: [0, 1] } as unknown as OutcomeReport;
  figures.outcome(outcome);
  figures.outcome({ ...outcome, status: 'duplicate' });
  assert.equal([figures.scored, figures.learned], [1, 1]);
  assert.is(figures.accuracy('mixture').accuracy, 1);
  assert.is(figures.accuracy('frozen').accuracy, 0);
});

parts('closers: last opened first, and one that fails does not keep the others', async () => {
  const order: string[] = [];
  const closers = createClosers((text) => order.push(text));
  closers.add(async () => order.push('first'));
  closers.add(async () => Promise.reject(new Error('stuck')));
  closers.add(async () => order.push('last'));
  await closers.close(1_000);
  await closers.close(1_000);
  assert.equal(order, ['last', 'stuck', 'first']);
});

parts('durations', () => {
  const known = { '30s': 30_000, '10m': 600_000, '1.5h': 5_400_000, '250ms': 250, '7': 7_000 };
  for (const [text, ms] of Object.entries(known)) assert.is(parseDuration(text), ms);
  for (const text of ['', '0s', 's', '-1s', '1d', '30 s', '1e3s', '1000h']) assert.is(parseDuration(text), null, text);
});

parts('boards inherit, and one that cannot be is refused with its field', () => {
  for (const name of BOARD_NAMES) assert.is(faultOfProfile(boardProfile(name)), null);
  assert.is(boardProfile('rpi4').ringRows, boardProfile('pc').ringRows);
  assert.ok(boardProfile('rpi4').modelBytesMax < boardProfile('pc').modelBytesMax);
  assert.throws(() => boardProfile('toaster'), /no board is called "toaster"; known are pc, rpi4/);
  const loop = [
    { name: 'a', base: 'b' },
    { name: 'b', base: 'a' },
  ];
  assert.throws(() => boardProfile('a', loop), /"a" inherits from itself/);
  const { name: _, ...pc } = boardProfile('pc');
  assert.throws(() => boardProfile('c', [{ ...pc, name: 'c', ringRows: 0 }]), /"c" is wrong at \/ringRows/);
});

parts('configurations: the first wrong value is named with its path', () => {
  assert.is(checkConfiguration(demoConfiguration, 'demo'), demoConfiguration);
  const { labeller: _, ...quiet } = demoConfiguration;
  const recording = { kind: 'recording', path: 'r.csv', speed: 'max', labelRate: 0.1 };
  checkConfiguration({ ...quiet, sensor: recording, broker: { url: 'mqtts://broker.plant:8883' } }, 'x');
  const wrong: [object, RegExp][] = [
    [{ ...demoConfiguration, views: { homeAssistant: { discoveryPrefix: 'a/#' } } }, /\/views\/homeAssistant/],
    [{ ...demoConfiguration, views: { metrics: { port: 70_000 } } }, /\/views\/metrics\/port .*70000/],
    [{ node: '../up' }, /^x: \/node must match.*"\.\.\/up"/],
    [{ broker: { url: 'http://broker' } }, /^x: \/broker\/url .*"http:\/\/broker"/],
    [{ broker: { embedded: true } }, /^x: \/broker needs port/],
    [{ broker: { url: 'mqtt://u:secret@b' } }, /^x: \/broker\/url has a user .*passwordFile.*"mqtt:\/\/\*\*\*@b"/],
    [{ broker: { url: 'mqtt://b', prefix: 'a/#' } }, /^x: \/broker\/prefix must match/],
    [{ broker: { url: 'mqtt://b', password: 'secret' } }, /^x: \/broker\/password needs a username.*"\*\*\*"/],
    [
      { broker: { url: 'mqtt://b', username: 'u', password: 'x', passwordFile: 'y' } },
      /\/broker\/password is given twice/,
    ],
    [{ broker: { url: 'mqtts://b', certFile: 'c.pem' } }, /\/broker\/certFile needs the keyFile/],
    [{ broker: { url: 'wss://b', keyFile: 'k.pem' } }, /\/broker\/keyFile needs the certFile/],
    [{ broker: { url: 'mqtt://b', caFile: 'ca.pem' } }, /\/broker\/caFile .* mqtts:\/\//],
    [{ sensor: { ...recording, labelRate: 1.5 } }, /^x: \/sensor\/labelRate .*1\.5/],
    [
      { sensor: { kind: 'simulated', seed: 0, drift: { beginMs: 5, endMs: 5 } } },
      /\/sensor\/drift\/endMs must be later/,
    ],
    [{ sensor: { kind: 'simulated', seed: 0 } }, /\/sensor needs drift/],
    [{ experts: ['frozen', 'oracle'] }, /^x: \/experts\/1 /],
    [{ board: 'toaster' }, /^x: \/board must be one of pc, rpi4; it is "toaster"/],
    [{ colour: 'red' }, /^x: \/colour is not a field/],
    [{ labeller: { rate: 1, delayMsMin: 2, delayMsMax: 1 } }, /^x: \/labeller\/delayMsMax must not be below/],
    [{ labeller: demoConfiguration.labeller, sensor: recording }, /^x: \/labeller answers for the simulated machine/],
  ];
  for (const [change, message] of wrong) {
    assert.throws(() => checkConfiguration({ ...quiet, ...change }, 'x'), message);
  }
  for (const nothing of [null, 7, [], 'text']) assert.throws(() => checkConfiguration(nothing, 'x'), /^x: /);
});

parts.run();
