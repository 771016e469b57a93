import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Alarm, alarmsFault } from '../../firmware/configuration/alarms.ts';
import { openAlarmFile } from '../../firmware/io/alarm-file.ts';
import { AlarmMachine, type AlarmSettings, type AlarmState, type Evidence } from '../../firmware/machines/alarm.ts';
import { createAlarmSet } from '../../firmware/machines/alarms.ts';
import { temporaryFolder } from '../support/machine-recording.ts';

const settings = (change: Partial<AlarmSettings> = {}): AlarmSettings => ({
  ...{ holdMs: 100, clearHoldMs: 300, windows: null, latched: false },
  ...change,
});

const SHORT: Readonly<Record<string, Evidence>> = { '+': 'on', '-': 'off', '~': 'between', '?': 'unknown' };

/** One look every 100 ms; the state after each as C, R or L. */
const play = (machine: AlarmMachine, looks: string): string =>
  [...looks]
    .map((look, at) => {
      machine.look(SHORT[look]!, at * 100);
      return { clear: 'C', raised: 'R', latched: 'L' }[machine.state];
    })
    .join('');

const alarm = suite('alarm');

alarm('raised after the hold, cleared after the clear hold; a break begins it anew', () => {
  assert.is(play(new AlarmMachine(settings()), '++'), 'CR');
  assert.is(play(new AlarmMachine(settings()), '+-+-++'), 'CCCCCR');
  assert.is(play(new AlarmMachine(settings()), '++----+'), 'CRRRRC' + 'C');
  assert.is(play(new AlarmMachine(settings()), '++---~----'), 'CRRRRRRRRC');
  assert.is(play(new AlarmMachine(settings()), '++---+----'), 'CRRRRRRRRC');
  assert.is(play(new AlarmMachine(settings({ holdMs: 0, clearHoldMs: 0 })), '+-~+'), 'RCCR');
});

alarm('what nobody knows neither raises nor clears', () => {
  assert.is(play(new AlarmMachine(settings()), '+?+?+?'), 'CCCCCC');
  assert.is(play(new AlarmMachine(settings()), '++??????????'), 'CRRRRRRRRRRR');
});

alarm('by windows: three of the last five that could be judged', () => {
  const machine = () => new AlarmMachine(settings({ windows: { raise: 3, of: 5 }, clearHoldMs: 0 }));
  assert.is(play(machine(), '+-+-+'), 'CCCCR');
  assert.is(play(machine(), '+--+-+'), 'CCCCCC', 'the first has been forgotten');
  assert.is(play(machine(), '+??+??+'), 'CCCCCCR');
  assert.is(play(machine(), '+++-++'), 'CCRCCC', 'cleared, it counts anew');
});

alarm('latched: stays until someone has seen it, before or after it is over', () => {
  const machine = new AlarmMachine(settings({ latched: true }));
  assert.not.ok(machine.acknowledge(), 'nothing to acknowledge');
  assert.is(play(machine, '++----'), 'CRRRRL');
  assert.ok(machine.acknowledge());
  assert.is(machine.state, 'clear');
  const seen = new AlarmMachine(settings({ latched: true }));
  play(seen, '++');
  assert.ok(seen.acknowledge());
  assert.not.ok(seen.acknowledge(), 'seen already');
  assert.is(seen.state, 'raised');
  for (let now = 1_000; now <= 1_300; now += 100) seen.look('off', now);
  assert.equal([seen.state, seen.acknowledged], ['clear', false]);
  const again = new AlarmMachine(settings({ latched: true, clearHoldMs: 0 }));
  assert.is(play(again, '++-++'), 'CRLLR', 'a latched alarm is raised again');
});

alarm(
  'after a restart: what was raised stays until it is known to be over; what is not latched any more is over',
  () => {
    const raised = new AlarmMachine(settings(), { state: 'raised', acknowledged: true });
    assert.is(play(raised, '??----'), 'RRRRRC');
    assert.is(
      new AlarmMachine(settings({ latched: true }), { state: 'latched', acknowledged: false }).state,
      'latched',
    );
    assert.is(new AlarmMachine(settings(), { state: 'latched', acknowledged: false }).state, 'clear');
  },
);

/** The definition, by looking at the whole past each time: slow, and obviously right. */
const bySpecification = (all: readonly { evidence: Evidence; now: number }[], of: AlarmSettings): AlarmState => {
  let state: AlarmState = 'clear';
  let since = 0;
  const unbroken = (to: number, evidence: Evidence, holdMs: number): boolean => {
    let first = to;
    while (first >= since && all[first]!.evidence === evidence) first--;
    return first < to && all[to]!.now - all[first + 1]!.now >= holdMs;
  };
  for (let at = 0; at < all.length; at++) {
    const before: AlarmState = state;
    if (before === 'raised') {
      if (unbroken(at, 'off', of.clearHoldMs)) state = of.latched ? 'latched' : 'clear';
    } else if (unbroken(at, 'on', of.holdMs)) state = 'raised';
    if (state !== before) since = at + 1;
  }
  return state;
};

alarm('the machine is its specification, on any stream of looks', () => {
  const look = fc.record({
    evidence: fc.constantFrom<Evidence>('on', 'on', 'off', 'off', 'between', 'unknown'),
    stepMs: fc.nat(120),
  });
  const holds = fc.record({ holdMs: fc.nat(300), clearHoldMs: fc.nat(300), latched: fc.boolean() });
  fc.assert(
    fc.property(fc.array(look, { maxLength: 60 }), holds, (looks, chosen) => {
      const of = settings(chosen);
      const machine = new AlarmMachine(of);
      const all: { evidence: Evidence; now: number }[] = [];
      let now = 5;
      for (const { evidence, stepMs } of looks) {
        now += stepMs;
        all.push({ evidence, now });
        const before = machine.state;
        const changed = machine.look(evidence, now);
        assert.is(machine.state, bySpecification(all, of));
        assert.is(changed, machine.state !== before);
      }
    }),
  );
});
alarm.run();

const classes = ['normal', 'inner-race', 'outer-race'];
const answers = { classes, outputs: [] };
const alarms: readonly Alarm[] = [
  { name: 'bearing', on: 'class', classes: ['inner-race', 'outer-race'], above: 0.7, clearBelow: 0.4, latched: true },
  { name: 'unsure', on: 'confidence', below: 0.5, clearAbove: 0.6 },
  { name: 'drift', on: 'drift', above: 1 },
  { name: 'sensors', on: 'health', troubles: ['sensor.'] },
  { name: 'any', on: 'health' },
];
const decision = (inner: number, outer: number, drift = 0, valid = true) => ({
  ...{ valid, drift, confidence: Math.max(inner, outer, 1 - inner - outer) },
  probabilities: Float64Array.of(1 - inner - outer, inner, outer) as unknown as Float32Array,
  values: new Float32Array(0),
});

const set = suite('the alarms of a node');

set('classes add up, thresholds have two sides, health looks at names', () => {
  const all = createAlarmSet(alarms, answers);
  const say = (inner: number, outer: number, drift?: number, valid?: boolean) =>
    all.decided(decision(inner, outer, drift, valid), 0, 7);
  assert.equal(say(0.3, 0.3), ['unsure'], 'together 0.6: not above 0.7, but the model is not sure');
  assert.equal(say(0.4, 0.4), ['bearing']);
  assert.equal(say(0.25, 0.2, 2), ['drift'], '0.45 is not below 0.4');
  assert.equal(say(0.9, 0, 5, false), [], 'a window that could not be judged');
  assert.equal(say(0.1, 0.2, 1), ['bearing', 'unsure', 'drift'], 'with one threshold, not above it is over');
  assert.is(all.views.bearing!.state, 'latched');
  assert.equal(all.acknowledge('bearing', 9), ['bearing']);
  assert.equal(all.acknowledge('nobody', 9), []);
  assert.equal(all.views.bearing, { state: 'clear', acknowledged: false, since: 9 });
  assert.equal(all.health(['storage'], 0, 7), ['any']);
  assert.equal(all.health(['sensor.x'], 0, 7), ['sensors']);
  assert.equal(all.health([], 0, 7), ['sensors', 'any']);
});

set('values of a regressor: too high, too low, in their own unit, below zero too', () => {
  const of: Alarm[] = [
    { name: 'hot', on: 'value', output: 'temperature', above: 80, clearBelow: 75 },
    { name: 'icy', on: 'value', output: 'temperature', below: -5, clearAbove: -2 },
    { name: 'flow', on: 'value', output: 'flow', below: 1 },
  ];
  assert.is(alarmsFault(of), null);
  const all = createAlarmSet(of, { classes: [], outputs: ['flow', 'temperature'] });
  const say = (flow: number, temperature: number) =>
    all.decided({ ...decision(0, 0), values: Float32Array.of(flow, temperature) }, 0, 7);
  assert.equal(say(2, 80), []);
  assert.equal(say(2, 81), ['hot']);
  assert.equal(say(2, 75), []);
  assert.equal(say(0, 74), ['hot', 'flow']);
  assert.equal(say(3, -6), ['icy', 'flow']);
  assert.equal(say(3, -3), []);
  assert.equal(say(3, -1), ['icy']);
});

set('what cannot be meant is refused with its path', () => {
  assert.is(alarmsFault(alarms), null);
  const wrong: [Alarm[], RegExp][] = [
    [[alarms[1]!, { ...alarms[2]!, name: 'unsure' }], /\/alarms\/1\/name is taken/],
    [[{ name: 'a', on: 'drift', above: 1, clearBelow: 2 }], /\/alarms\/0\/clearBelow must not be above .* 1/],
    [[{ name: 'a', on: 'class', classes: ['x'], clearBelow: 0.6 }], /clearBelow must not be above .* 0\.5/],
    [[{ name: 'a', on: 'confidence', below: 0.5, clearAbove: 0.4 }], /clearAbove must not be below/],
    [[{ name: 'a', on: 'drift', above: 1, windows: { raise: 3, of: 2 } }], /windows\/raise/],
    [[{ name: 'a', on: 'drift', above: 1, holdMs: 1, windows: { raise: 1, of: 2 } }], /exclude/],
  ];
  for (const [given, message] of wrong) {
    const fault = alarmsFault(given);
    assert.match(`${fault?.path} ${fault?.why}`, message);
  }
});

set('states outlive a restart; a file that is damaged or from elsewhere is as none', async () => {
  const folder = await temporaryFolder();
  const file = openAlarmFile(folder);
  assert.equal(await file.load(), {});
  const before = createAlarmSet(alarms, answers);
  before.decided(decision(0.9, 0), 0, 1_700_000_000_000);
  await file.save(before.views);
  const after = createAlarmSet(alarms.slice(0, 1), answers, await openAlarmFile(folder).load());
  assert.equal(after.views, { bearing: { state: 'raised', acknowledged: false, since: 1_700_000_000_000 } });
  const path = join(folder, 'alarms.json');
  const text = await readFile(path, 'utf8');
  for (const bad of [
    text.slice(0, 20),
    '',
    '[]',
    'null',
    text.replace('"version":1', '"version":2'),
    '{"version":1}',
  ]) {
    await writeFile(path, bad);
    assert.equal(await file.load(), {}, bad);
  }
});
set.run();
