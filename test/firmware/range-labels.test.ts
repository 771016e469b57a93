import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createDecidedWindows } from '../../firmware/machines/decided-windows.ts';
import { RANGES_MAX, type RangeEffect, RangeLabels, type RangeRequest } from '../../firmware/machines/range-labels.ts';
import { readRange } from '../../firmware/machines/range-reader.ts';
import { createCodec } from '../../protocols/codec.ts';
import { sealEnvelope } from '../../protocols/envelope.ts';
import { LABEL_STATUSES, type LabelStatus } from '../../protocols/messages/label-ack.ts';
import { LABEL_RANGE } from '../../protocols/messages/label-range.ts';

const windows = suite('decided windows');

windows('a window belongs to a stretch when it lies wholly within; the ends count', () => {
  const memory = createDecidedWindows(8, 100);
  for (let index = 0; index < 5; index++) memory.add(index, 1_000 + 100 * index);
  assert.equal(memory.within(900, 1_400), [0, 1, 2, 3, 4]);
  assert.equal(memory.within(901, 1_399), [1, 2, 3], 'the border cuts the first and the last');
  assert.equal(memory.within(1_000, 1_099), []);
});

windows('the oldest are forgotten, a gap in the numbers is no window, and a far jump forgets everything', () => {
  const memory = createDecidedWindows(4, 0);
  assert.is(memory.oldestMs, null);
  for (const index of [0, 1, 2, 5, 6]) memory.add(index, index * 10);
  assert.equal(memory.within(0, 1_000), [5, 6]);
  assert.is(memory.oldestMs, 50);
  memory.add(1e9, 2_000);
  assert.equal(memory.within(0, 5_000), [1e9]);
});
windows.run();

const request = (change: Partial<RangeRequest> = {}): RangeRequest => ({
  ...{ id: 'r', fromMs: 0, toMs: 1_000, label: 'worn', by: 'me', awaited: true },
  ...change,
});

const bench = (count: number, spacingMs = 10) => {
  const memory = createDecidedWindows(1_024, 0);
  for (let index = 0; index < count; index++) memory.add(index, index * spacingMs);
  return new RangeLabels({ epoch: 3, windows: memory });
};

const labels = (effects: readonly RangeEffect[]): string[] =>
  effects.flatMap((effect) => (effect.kind === 'label' ? [effect.window] : []));
const acks = (effects: readonly RangeEffect[]) =>
  effects.flatMap((effect) => (effect.kind === 'done' ? [effect.ack] : []));

const machine = suite('labels for stretches of time');

machine('windows are labelled once the stretch has settled, and the answer comes when the last one is answered', () => {
  const ranges = bench(3);
  assert.ok(ranges.add(request({ toMs: 20 }), 20));
  assert.equal(ranges.tick(1_019), []);
  assert.equal(labels(ranges.tick(1_020)), ['3-0', '3-1', '3-2']);
  assert.equal(ranges.answered('3-1', 'stored', 1_021), []);
  assert.equal(ranges.answered('9-9', 'stored', 1_021), [], 'of a window that is none of ours');
  assert.equal(ranges.answered('3-0', 'duplicate', 1_022), []);
  assert.equal(acks(ranges.answered('3-2', 'conflict', 1_023)), [
    { id: 'r', status: 'done', windows: 3, stored: 1, duplicate: 1, conflict: 1, refused: 0 },
  ]);
  assert.is(ranges.waiting, 0);
});

machine('a stretch without windows says how far the memory reaches', () => {
  const ranges = bench(3);
  ranges.add(request({ fromMs: 5_000, toMs: 6_000 }), 10_000);
  const [ack] = acks(ranges.tick(10_000));
  assert.is(ack?.status, 'unknownWindow');
  assert.match(ack?.message ?? '', /reaches back 10 s/);
});

machine('busy is tried again at the next tick, three times; then it is refused', () => {
  const ranges = bench(1);
  ranges.add(request(), 2_000);
  for (let tries = 0; tries < 4; tries++) {
    assert.equal(labels(ranges.tick(2_000 + tries)), ['3-0']);
    const effects = ranges.answered('3-0', 'busy', 2_000 + tries);
    if (tries < 3) assert.equal(effects, []);
    else assert.is(acks(effects)[0]?.refused, 1);
  }
});

machine('an answer that never comes is not waited for for ever', () => {
  const ranges = bench(1);
  ranges.add(request(), 2_000);
  let done: ReturnType<typeof acks> = [];
  let now = 2_000;
  for (; done.length === 0 && now < 100_000; now += 1_000) done = acks(ranges.tick(now));
  assert.is(done[0]?.refused, 1);
  assert.ok(now >= 40_000 && now <= 45_000, `${now}`);
});

machine('stretches are bounded', () => {
  const ranges = bench(1);
  for (let i = 0; i < RANGES_MAX; i++) assert.ok(ranges.add(request(), 0));
  assert.not.ok(ranges.add(request(), 0));
});

machine('whatever the answers: at most 32 at once, each stretch answered once, and the counts add up', () => {
  const step = fc.record({ pick: fc.nat(), status: fc.constantFrom(...LABEL_STATUSES), tick: fc.boolean() });
  const stretch = fc.record({ from: fc.nat(3_000), length: fc.nat(3_000) });
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 6 }), fc.array(step, { maxLength: 400 }), (stretches, steps) => {
      const ranges = bench(300);
      const open: string[] = [];
      const done: string[] = [];
      let now = 10_000;
      const run = (effects: readonly RangeEffect[]): void => {
        for (const effect of effects) {
          if (effect.kind === 'label') open.push(effect.window);
          else {
            const { ack } = effect;
            done.push(ack.id);
            assert.is(ack.stored + ack.duplicate + ack.conflict + ack.refused, ack.windows);
            assert.is(ack.status, ack.windows === 0 ? 'unknownWindow' : 'done');
          }
        }
        assert.ok(open.length <= 32, `${open.length} at once`);
      };
      const answer = (at: number, status: LabelStatus): void => {
        const [window] = open.splice(at, 1);
        run(ranges.answered(window!, status, now));
      };
      for (const [i, { from, length }] of stretches.entries()) {
        assert.ok(ranges.add(request({ id: `${i}`, fromMs: from, toMs: from + length }), now));
      }
      for (const { pick, status, tick } of steps) {
        if (tick) run(ranges.tick(now++));
        else if (open.length > 0) answer(pick % open.length, status);
      }
      run(ranges.tick(now));
      while (open.length > 0) answer(0, 'stored');
      run(ranges.tick(now));
      while (open.length > 0) answer(0, 'stored');
      assert.equal(done.sort(), stretches.map((_, i) => `${i}`).sort());
      assert.is(ranges.waiting, 0);
    }),
    { numRuns: 60 },
  );
});
machine.run();

const codec = createCodec();
const UNIX = Date.parse('2026-11-23T12:00:00Z');
const now = { monotonicMs: 100_000, unixMs: UNIX };
const read = (body: object) =>
  readRange(codec, ['normal', 'worn'], new TextEncoder().encode(JSON.stringify(body)), now);

const reader = suite('reading labels for stretches of time');

reader('times in ms and texts with a zone, as JSON and in an envelope, mean the same stretch', () => {
  const request = { id: 'x', fromMs: 40_000, toMs: 70_000, label: 'worn', by: '', awaited: true };
  const ms = { id: 'x', from: UNIX - 60_000, to: UNIX - 30_000, label: 'worn' };
  const text = { id: 'x', from: '2026-11-23T11:59:00Z', to: '2026-11-23T12:59:30.000+01:00', label: 'worn' };
  for (const body of [ms, text]) {
    assert.equal(read(body), { ok: true, request });
    const sealed = sealEnvelope(codec, LABEL_RANGE, { sender: 's/o', epoch: 1, sequence: 0, time: 0 }, body);
    assert.equal(readRange(codec, ['worn'], sealed, now), { ok: true, request });
  }
});

reader('with sentAt, a gateway whose clock is a year off labels the same windows', () => {
  const body = { from: UNIX - 60_000, to: UNIX - 30_000, label: 'worn', sentAt: UNIX };
  for (const offMs of [-31_536_000_000, 0, 31_536_000_000]) {
    const reading = readRange(codec, ['worn'], new TextEncoder().encode(JSON.stringify(body)), {
      monotonicMs: 100_000,
      unixMs: UNIX + offMs,
    });
    assert.ok(reading.ok);
    assert.equal([reading.request.fromMs, reading.request.toMs], [40_000, 70_000]);
  }
});

reader('what cannot be is refused with its reason and id', () => {
  const cases: [object, string, RegExp][] = [
    [{ id: 'x', from: UNIX, to: UNIX - 1, label: 'worn' }, 'malformed', /ends before it begins/],
    [{ id: 'x', from: UNIX, to: UNIX + 61_000, label: 'worn' }, 'malformed', /61 s ahead .*sentAt/],
    [{ id: 'x', from: '2026-13-41T00:00:00Z', to: UNIX, label: 'worn' }, 'malformed', /calendar/],
    [{ id: 'x', from: '2026-11-23T12:00:00', to: UNIX, label: 'worn' }, 'malformed', /refused \(body\)/],
    [{ id: 'x', to: UNIX, label: 'worn' }, 'malformed', /object of from, to/],
    [{ id: 'x', from: UNIX, to: UNIX, label: 'melted' }, 'unknownClass', /normal, worn/],
  ];
  for (const [body, status, message] of cases) {
    const reading = read(body);
    assert.ok(!reading.ok, JSON.stringify(body));
    assert.equal([reading.ack.id, reading.ack.status], ['x', status]);
    assert.match(reading.ack.message ?? '', message);
  }
});
reader.run();
