import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCodec } from '../../protocols/codec.ts';
import { LIMITS } from '../../protocols/limits.ts';
import { encodeReplayWindows, restoreReplayWindows } from '../../protocols/replay-state.ts';
import { REPLAY_WINDOW, ReplayWindows } from '../../protocols/replay-windows.ts';
import { dice } from '../support/dice.ts';

const codec = createCodec();
const KEY = '0123456789abcdef';

/** What the windows must come to, the slow way: everything ever taken. */
class Ledger {
  private epoch = -1;
  private newest = -1;
  private readonly taken = new Set<number>();

  take(epoch: number, sequence: number): string | null {
    if (epoch < this.epoch) return 'oldEpoch';
    if (epoch > this.epoch) {
      this.epoch = epoch;
      this.newest = -1;
      this.taken.clear();
    }
    if (this.taken.size > 0 && sequence <= this.newest - REPLAY_WINDOW) return 'tooOld';
    if (this.taken.has(sequence)) return 'replayed';
    this.taken.add(sequence);
    this.newest = Math.max(this.newest, sequence);
    return null;
  }
}

const taking = suite('replay windows');

taking('a message is taken once, also out of order', () => {
  const windows = new ReplayWindows(4);
  const answers = [5, 3, 5, 4, 3, 6].map((sequence) => windows.take(KEY, 1, sequence));
  assert.equal(answers, [null, null, 'replayed', null, 'replayed', null]);
});

taking('the edge of the window: the last one inside is told apart, the first one outside is too old', () => {
  for (const newest of [REPLAY_WINDOW, 10_000, 2 ** 32 + 7, Number.MAX_SAFE_INTEGER]) {
    const windows = new ReplayWindows(4);
    assert.is(windows.take(KEY, 1, newest), null);
    assert.is(windows.take(KEY, 1, newest - REPLAY_WINDOW + 1), null, `${newest}`);
    assert.is(windows.take(KEY, 1, newest - REPLAY_WINDOW + 1), 'replayed');
    assert.is(windows.take(KEY, 1, newest - REPLAY_WINDOW), 'tooOld');
  }
});

taking('an epoch that was left does not come back, and each begins at any number', () => {
  const windows = new ReplayWindows(4);
  assert.is(windows.take(KEY, 7, 900), null);
  assert.is(windows.take(KEY, 8, 2), null);
  assert.is(windows.take(KEY, 8, 900), null);
  assert.is(windows.take(KEY, 7, 901), 'oldEpoch');
});

taking('a jump to the last number there is takes no longer than one to the next', () => {
  const windows = new ReplayWindows(4);
  assert.is(windows.take(KEY, 1, 0), null);
  assert.is(windows.take(KEY, 1, Number.MAX_SAFE_INTEGER), null);
  assert.is(windows.take(KEY, 1, 0), 'tooOld');
});

taking('senders do not share a window, and no more of them are remembered than there is room for', () => {
  const windows = new ReplayWindows(2);
  assert.is(windows.take('a', 1, 1), null);
  assert.is(windows.take('b', 1, 1), null);
  assert.is(windows.take('c', 1, 1), 'tooManySenders');
  windows.forget('a');
  assert.is(windows.take('c', 1, 1), null);
  assert.is(windows.take('b', 1, 1), 'replayed');
});

taking('20,000 random numbers: the same answers as a list of everything', () => {
  const { whole, random } = dice(8);
  const windows = new ReplayWindows(1);
  const ledger = new Ledger();
  let [epoch, newest] = [0, 0];
  const seen = new Map<string | null, number>();
  for (let round = 0; round < 20_000; round++) {
    if (random() < 0.002) epoch += whole(1, 3);
    const jump = random();
    const sequence = Math.max(0, newest + (jump < 0.01 ? whole(0, 3_000) : whole(-1_200, 40)));
    if (sequence > newest) newest = sequence;
    const asked = random() < 0.01 ? epoch - 1 : epoch;
    const answer = windows.take(KEY, Math.max(0, asked), sequence);
    assert.is(answer, ledger.take(Math.max(0, asked), sequence), `round ${round}: ${asked} ${sequence}`);
    seen.set(answer, (seen.get(answer) ?? 0) + 1);
  }
  for (const answer of [null, 'replayed', 'tooOld', 'oldEpoch']) assert.ok((seen.get(answer) ?? 0) > 50, `${answer}`);
});
taking.run();

const storing = suite('replay windows, stored');

const exercised = (): ReplayWindows => {
  const windows = new ReplayWindows(LIMITS.sendersMax);
  for (const sequence of [0, 1, 40, 2_000, 1_999, 1_500]) windows.take(KEY, 3, sequence);
  windows.take('fedcba9876543210', 2 ** 40, Number.MAX_SAFE_INTEGER);
  return windows;
};

storing('what was taken before a restart is not taken after it', () => {
  const windows = new ReplayWindows(LIMITS.sendersMax);
  assert.ok(restoreReplayWindows(codec, windows, encodeReplayWindows(codec, exercised())));
  const answers = [2_000, 1_999, 1_500, 1_501, 1_000, 2_001].map((sequence) => windows.take(KEY, 3, sequence));
  assert.equal(answers, ['replayed', 'replayed', 'replayed', null, 'tooOld', null]);
  assert.is(windows.take(KEY, 2, 9_999), 'oldEpoch');
  assert.is(windows.take('fedcba9876543210', 2 ** 40, Number.MAX_SAFE_INTEGER), 'replayed');
});

storing('golden bytes still open, and are still what is written', () => {
  const path = fileURLToPath(new URL('../vectors/replay-windows-v1.json', import.meta.url));
  const { hex } = JSON.parse(readFileSync(path, 'utf8')) as { hex: string };
  assert.is(Buffer.from(encodeReplayWindows(codec, exercised())).toString('hex'), hex);
  assert.ok(restoreReplayWindows(codec, new ReplayWindows(4), new Uint8Array(Buffer.from(hex, 'hex'))));
});

storing('a full list fits the bounds', () => {
  const full = new ReplayWindows(LIMITS.sendersMax);
  const name = (at: number): string => at.toString(16).padStart(16, '0');
  for (let at = 0; at < LIMITS.sendersMax; at++) full.take(name(at), Number.MAX_SAFE_INTEGER - 1, 2 ** 50);
  const windows = new ReplayWindows(LIMITS.sendersMax);
  assert.ok(restoreReplayWindows(codec, windows, encodeReplayWindows(codec, full)));
  assert.is(windows.take(name(LIMITS.sendersMax - 1), Number.MAX_SAFE_INTEGER - 1, 2 ** 50), 'replayed');
});

storing('bytes of another form change nothing', () => {
  const good = ['replayWindows', 1, [[KEY, 1, 1, new Uint8Array(128)]]];
  const broken: readonly unknown[] = [
    ['replayWindows', 2, []],
    ['windows', 1, []],
    ['replayWindows', 1, [[KEY, 1, 1, new Uint8Array(127)]]],
    ['replayWindows', 1, [[KEY, -1, 1, new Uint8Array(128)]]],
    [...good, 0],
    {},
  ];
  const restored = (content: unknown): boolean =>
    restoreReplayWindows(codec, new ReplayWindows(4), codec.encode(content));
  assert.ok(restored(good));
  for (const content of broken) assert.not(restored(content), JSON.stringify(content));
  assert.not(restoreReplayWindows(codec, new ReplayWindows(4), codec.encode(good).subarray(0, 40)));
});
storing.run();
