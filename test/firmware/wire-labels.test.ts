import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JournalEntry } from '../../firmware/journal.ts';
import type { LabelEffect, LabelOutcome } from '../../firmware/machines/label-events.ts';
import { LabelPool } from '../../firmware/machines/label-pool.ts';
import { LABELS_IN_FLIGHT_MAX, LabelMachine } from '../../firmware/machines/labels.ts';
import { createCodec } from '../../protocols/codec.ts';
import { seeded } from '../support/models.ts';

const EPOCH = 3;
const classes = ['normal', 'imbalance', 'outer-race'];
const features = Float32Array.of(1, 2, 3);

/** The machine, the disk it believes in, and short words for its events and effects. */
function bench() {
  const known = new Map<string, number>();
  const pool = new LabelPool(classes.length);
  const machine = new LabelMachine({ codec: createCodec(), classes, epoch: EPOCH, known, pool });
  const label = (window: string, name: string, nowMs = 0, more = {}): LabelEffect[] =>
    machine.received(new TextEncoder().encode(JSON.stringify({ window, label: name, ...more })), nowMs);
  const outcome = (index: number, name: string, status: LabelOutcome['status'], sequence = index): LabelEffect[] =>
    machine.outcome({ index, label: classes.indexOf(name), status, slot: 7, sequence, features });
  const onDisk = (entry: JournalEntry): LabelEffect[] => {
    known.set(entry.window, entry.label);
    return machine.stored(entry, null);
  };
  return { machine, known, label, outcome, onDisk };
}

/** `apply 17 1`, `store 3-17`, `ack 3-17 stored`, `count stored`: effects as lines. */
function lines(effects: readonly LabelEffect[]): string[] {
  return effects.map((effect) => {
    if (effect.kind === 'apply') return `${effect.correction ? 'correct' : 'apply'} ${effect.index} ${effect.label}`;
    if (effect.kind === 'remember') return `remember ${effect.records.map(({ by }) => by)}`;
    if (effect.kind === 'store') return `store ${effect.entry.window}`;
    if (effect.kind === 'count') return `count ${effect.name}`;
    return `ack ${effect.ack.window} ${effect.ack.status}`;
  });
}

function entryOf(effects: readonly LabelEffect[]): JournalEntry {
  const store = effects.find((effect) => effect.kind === 'store');
  assert.ok(store !== undefined, 'nothing is stored');
  return store.entry;
}

const machine = suite('label machine');

machine('a label is applied, stored, and only then acknowledged', () => {
  const { label, outcome, onDisk, machine } = bench();
  assert.equal(lines(label('3-17', 'imbalance')), ['apply 17 1']);
  const stored = outcome(17, 'imbalance', 'learned', 42);
  assert.equal(lines(stored), ['store 3-17']);
  assert.equal(entryOf(stored), { slot: 7, sequence: 42, window: '3-17', label: 1, features });
  assert.is.not(entryOf(stored).features, features, 'the features are the entry’s own');
  assert.equal(lines(onDisk(entryOf(stored))), ['ack 3-17 stored', 'count stored']);
  assert.is(machine.inFlight, 0);
});

machine('the same label again is a duplicate only once the first is on disk', () => {
  const { label, outcome, onDisk } = bench();
  label('3-17', 'imbalance');
  assert.equal(lines(label('3-17', 'imbalance')), [], 'while it is being applied');
  const stored = outcome(17, 'imbalance', 'learned');
  assert.equal(lines(label('3-17', 'imbalance')), [], 'while it is being written');
  const done = lines(onDisk(entryOf(stored)));
  assert.equal(
    done.filter((line) => line.startsWith('ack')),
    ['ack 3-17 stored', ...Array(2).fill('ack 3-17 duplicate')],
  );
  assert.equal(lines(label('3-17', 'imbalance')), ['ack 3-17 duplicate', 'count duplicate'], 'when it is on disk');
});

machine('two others outweigh the first label: it is corrected, stored and acknowledged; one alone does not', () => {
  const { label, outcome, onDisk, known } = bench();
  label('3-17', 'imbalance', 0, { by: 'ann' });
  assert.equal(
    lines(label('3-17', 'normal', 0, { by: 'ben' })),
    ['ack 3-17 busy', 'count busy'],
    'not before it is stored',
  );
  onDisk(entryOf(outcome(17, 'imbalance', 'learned', 42)));
  assert.equal(lines(label('3-17', 'normal', 0, { by: 'ben' })), [
    'remember ann,ben',
    'ack 3-17 conflict',
    'count conflict',
  ]);
  assert.equal(lines(label('3-17', 'normal', 0, { by: 'cleo' })), ['remember ann,ben,cleo', 'correct 17 0']);
  assert.equal(lines(onDisk(entryOf(outcome(17, 'normal', 'learned', 43)))), ['ack 3-17 stored', 'count stored']);
  assert.is(known.get('3-17'), 0);
  assert.equal(lines(label('3-17', 'imbalance')), ['ack 3-17 conflict', 'count conflict'], 'without a name');
});

machine('another label for the same window is a conflict, in flight and on disk; the first stands', () => {
  const { label, outcome, onDisk } = bench();
  label('3-17', 'imbalance');
  const effects = label('3-17', 'normal');
  assert.equal(lines(effects), ['ack 3-17 conflict', 'count conflict']);
  onDisk(entryOf(outcome(17, 'imbalance', 'learned')));
  const [ack] = label('3-17', 'normal');
  assert.ok(ack?.kind === 'acknowledge' && ack.ack.status === 'conflict' && /imbalance/.test(ack.ack.message ?? ''));
});

machine('a class the model does not know is refused, and the message names those it knows', () => {
  const { label, machine } = bench();
  const [ack] = label('3-17', 'cavitation');
  assert.ok(ack?.kind === 'acknowledge' && ack.ack.status === 'unknownClass');
  assert.match(ack.ack.message ?? '', /normal, imbalance, outer-race/);
  assert.is(machine.inFlight, 0);
});

machine('the pipeline’s refusals are passed on', () => {
  for (const status of ['unknownWindow', 'conflict', 'duplicate', 'unknownClass'] as const) {
    const { label, outcome, machine } = bench();
    label('3-17', 'normal');
    assert.equal(lines(outcome(17, 'normal', status)), [`ack 3-17 ${status}`, `count ${status}`]);
    assert.is(machine.inFlight, 0);
  }
});

machine('a window from before a restart: known on disk or unknown, never applied', () => {
  const { label, known } = bench();
  known.set('2-17', 1);
  assert.equal(lines(label('2-17', 'imbalance')), ['ack 2-17 duplicate', 'count duplicate']);
  assert.equal(lines(label('2-17', 'normal')), ['ack 2-17 conflict', 'count conflict']);
  assert.equal(lines(label('2-18', 'normal')), ['ack 2-18 unknownWindow', 'count unknownWindow']);
  assert.equal(lines(label('4-0', 'normal')), ['ack 4-0 unknownWindow', 'count unknownWindow']);
});

machine('what cannot be read is counted by its reason and answered as malformed', () => {
  const { machine } = bench();
  assert.equal(lines(machine.received(Uint8Array.of(0xff), 0)), [
    'count reserved',
    'ack  malformed',
    'count malformed',
  ]);
});

machine(
  'a label that could not be written is not acknowledged as stored; sent again, it is written, not learned again',
  () => {
    const { label, outcome, onDisk, machine } = bench();
    label('3-17', 'normal');
    const entry = entryOf(outcome(17, 'normal', 'learned'));
    assert.equal(lines(machine.stored(entry, 'disk full')), ['count storeFailed', 'ack 3-17 busy', 'count busy']);
    const again = label('3-17', 'normal');
    assert.equal(lines(again), ['store 3-17']);
    assert.is(entryOf(again), entry);
    assert.equal(lines(onDisk(entry)), ['ack 3-17 stored', 'count stored']);
  },
);

machine('a failed write is tried again by itself, without a second answer', () => {
  const { label, outcome, onDisk, machine } = bench();
  label('3-17', 'normal');
  const entry = entryOf(outcome(17, 'normal', 'learned'));
  machine.stored(entry, 'disk full');
  assert.equal(lines(machine.tick(1_000)), ['store 3-17']);
  assert.equal(lines(machine.tick(2_000)), [], 'while it is being written');
  assert.equal(lines(onDisk(entry)), []);
  assert.equal(lines(label('3-17', 'normal')), ['ack 3-17 duplicate', 'count duplicate']);
});

machine('an answer that does not come is given up; coming late, it is still stored', () => {
  const { label, outcome, onDisk, machine } = bench();
  label('3-17', 'normal', 0);
  assert.equal(lines(machine.tick(4_999)), []);
  assert.equal(lines(machine.tick(5_000)), ['count answerLate', 'ack 3-17 busy', 'count busy']);
  assert.is(machine.inFlight, 0);
  const late = outcome(17, 'normal', 'learned');
  assert.equal(lines(late), ['store 3-17']);
  assert.equal(lines(label('3-17', 'normal', 5_001)), [], 'the sender tries again in between');
  assert.equal(lines(onDisk(entryOf(late))), ['ack 3-17 stored', 'count stored']);
});

machine('a label given up, sent again, and answered twice is stored once and acknowledged once', () => {
  const { label, outcome, onDisk, machine } = bench();
  label('3-17', 'normal', 0);
  machine.tick(5_000);
  assert.equal(lines(label('3-17', 'normal', 5_001)), ['apply 17 0']);
  const stored = outcome(17, 'normal', 'learned');
  assert.equal(lines(stored), ['store 3-17']);
  assert.equal(lines(outcome(17, 'normal', 'duplicate')), [], 'the answer to the second one, before the disk’s');
  assert.equal(lines(onDisk(entryOf(stored))), ['ack 3-17 stored', 'count stored']);
  assert.is(machine.inFlight, 0);
});

machine('when the worker is restarted, what it had not answered is busy and what is being written goes on', () => {
  const { label, outcome, onDisk, machine } = bench();
  label('3-1', 'normal');
  label('3-2', 'normal');
  label('3-3', 'normal');
  const writing = entryOf(outcome(2, 'normal', 'learned'));
  machine.stored(entryOf(outcome(3, 'normal', 'learned')), 'disk full');
  assert.equal(lines(machine.workerLost()), ['count answerLate', 'ack 3-1 busy', 'count busy']);
  assert.is(machine.inFlight, 1, 'the unwritten entry went with the worker that had learned it');
  assert.equal(lines(onDisk(writing)), ['ack 3-2 stored', 'count stored']);
});

machine('labels in flight are bounded', () => {
  const { label, machine } = bench();
  for (let i = 0; i < LABELS_IN_FLIGHT_MAX; i++) assert.equal(lines(label(`3-${i}`, 'normal')), [`apply ${i} 0`]);
  assert.equal(lines(label('3-99999', 'normal')), ['ack 3-99999 busy', 'count busy']);
  assert.is(machine.inFlight, LABELS_IN_FLIGHT_MAX);
});

machine(
  '20,000 random events: each message is answered at most once, and `stored` and `duplicate` only from the disk',
  () => {
    const random = seeded(11);
    const below = (n: number): number => Math.floor(random() * n);
    const { machine, known, label, outcome } = bench();
    const applied: { index: number; label: number }[] = [];
    const writing: JournalEntry[] = [];
    const learned = new Map<number, number>();
    let received = 0;
    let answered = 0;
    const act = (effects: readonly LabelEffect[]): void => {
      for (const effect of effects) {
        if (effect.kind === 'apply') applied.push(effect);
        if (effect.kind === 'store') writing.push(effect.entry);
        if (effect.kind !== 'acknowledge') continue;
        answered += 1;
        const { window, status } = effect.ack;
        if (status === 'stored' || status === 'duplicate')
          assert.ok(known.has(window), `${window} ${status}, not on disk`);
      }
    };
    const answerOne = (): void => {
      const [question] = applied.splice(below(applied.length), 1);
      if (question === undefined) return;
      const first = learned.get(question.index);
      const status = first === undefined ? 'learned' : first === question.label ? 'duplicate' : 'conflict';
      if (first === undefined) learned.set(question.index, question.label);
      act(outcome(question.index, classes[question.label]!, status));
    };
    const writeOne = (failing: boolean): void => {
      const [entry] = writing.splice(below(writing.length), 1);
      if (entry === undefined) return;
      if (!failing) known.set(entry.window, entry.label);
      act(machine.stored(entry, failing ? 'disk full' : null));
    };
    let nowMs = 0;
    for (let round = 0; round < 20_000; round++) {
      nowMs += below(600);
      const what = below(10);
      if (what < 4) {
        received += 1;
        act(label(`3-${below(400)}`, classes[below(2)]!, nowMs));
      } else if (what < 7) answerOne();
      else if (what < 9) writeOne(below(5) === 0);
      else act(machine.tick(nowMs));
      assert.ok(machine.inFlight <= 400);
    }
    while (applied.length > 0 || writing.length > 0) {
      answerOne();
      writeOne(false);
      act(machine.tick(nowMs));
    }
    act(machine.tick(nowMs + 1e6));
    while (writing.length > 0) writeOne(false);
    assert.is(machine.inFlight, 0);
    assert.is(answered, received);
    for (const [index, first] of learned) assert.is(known.get(`3-${index}`), first, 'everything learned is on disk');
  },
);
machine('a model without classes takes no labels, and says why', () => {
  const machine = new LabelMachine({
    codec: createCodec(),
    classes: [],
    epoch: EPOCH,
    known: new Map(),
    pool: new LabelPool(0),
  });
  const effects = machine.received(new TextEncoder().encode('{"window":"3-17","label":"normal"}'), 0);
  assert.equal(lines(effects), ['ack 3-17 unknownClass', 'count unknownClass']);
  const [ack] = effects;
  assert.ok(ack?.kind === 'acknowledge');
  assert.match(ack.ack.message ?? '', /gives values and has no classes: it takes no labels/);
});

machine.run();
