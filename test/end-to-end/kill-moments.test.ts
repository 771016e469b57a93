import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { ClassicLevel } from 'classic-level';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { modelHash } from '../../firmware/io/files.ts';
import { createRecords } from '../../firmware/io/store/records.ts';
import { openStore } from '../../firmware/io/store.ts';
import { cardOf } from '../../firmware/model-file.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { encodeModelCard, MODEL_CARD_METADATA_NAME } from '../../protocols/model-card.ts';
import { demoModelPath, temporaryFolder } from '../support/machine-recording.ts';
import { seeded } from '../support/models.ts';
import { type Desk, openDesk, writeQuietConfiguration } from './desk.ts';
import { myrmex } from './programs.ts';

/** `.ci/run` asks for 300. */
const KILLS = Number(process.env.KILL_MOMENTS ?? 4);
/** Gateways that live and die side by side. */
const LANES = 2;
/** The moment lies this far from the start, or from the first answer, at most. */
const LIFE_MS_MAX = 700;
/** One life in so many is longer, so that something in it is older than what may be lost. */
const LONG_LIFE_EVERY = 25;
const LONG_LIFE_MS = 6_000;
/** What was learned longer ago than this is in a snapshot, as the order says. */
const LOST_MS_MAX = 5_000;
/** Windows and labels a second: four times the demonstration's. */
const STRIDE = 64;
/** Always the same, so that there is something to learn. */
const ANSWER = 'imbalance';

const kill = suite(`kill -9 at ${KILLS} random moments while labels arrive`);

/** The demonstration's model with windows that overlap. */
const fastModel = (): Uint8Array => {
  const model = readModel(readFileSync(demoModelPath), defaultModelLimits);
  const card = { ...cardOf(model), stride: STRIDE };
  return writeModel({ ...model, metadata: [{ name: MODEL_CARD_METADATA_NAME, bytes: encodeModelCard(card) }] });
};

/** What lies on the disk, read without the store. */
const readRaw = async (directory: string, model: string) => {
  const database = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: 'view' });
  const records = createRecords();
  const sequences = new Map<string, number>();
  let through = -1;
  for await (const [key, value] of database.iterator()) {
    if (key.startsWith(`model/${model}/entry/`)) {
      const entry = records.readEntry(value);
      assert.ok(entry !== null, `${key} is damaged`);
      sequences.set(entry.window, entry.sequence);
    } else if (key.startsWith(`model/${model}/snapshot/`)) {
      const snapshot = records.readSnapshot(value);
      assert.ok(snapshot !== null, `${key} is damaged`);
      through = Math.max(through, snapshot.through);
    }
  }
  await database.close();
  return { sequences, through };
};

/** One gateway that is killed again and again; returns how many labels it acknowledged. */
const lane = async (seed: number, kills: number): Promise<number> => {
  const folder = await temporaryFolder();
  const model = fastModel();
  await writeFile(join(folder, 'fast.tflite'), model);
  // Room for all labels of a lane: what gives up its place in the replay buffer leaves the journal that is read here.
  const learning = { replayBytes: 1024 * 1024 };
  const config = await writeQuietConfiguration(folder, { model: join(folder, 'fast.tflite'), learning });
  const state = join(folder, 'state');
  const hash = modelHash(model);
  const learned = cardOf(readModel(model, defaultModelLimits)).labels.indexOf(ANSWER);
  const random = seeded(seed);
  const acknowledged = new Set<string>();
  const sequences = new Map<string, number>();
  const epochs = new Set<string>();
  for (let life = 0; life < kills; life++) {
    const long = life % LONG_LIFE_EVERY === LONG_LIFE_EVERY >> 3;
    const node = myrmex('run', '--config', config);
    const born = performance.now();
    const ackedMs = new Map<string, number>();
    const gone = new AbortController();
    let working = (): void => {};
    const labelled = new Promise<void>((resolve) => {
      working = resolve;
    });
    const decision = (window: string, desk: Desk): void => desk.label(window, ANSWER);
    const answer = (window: string, status: string): void => {
      if (status === 'stored') ackedMs.set(window, performance.now() - born);
      working();
    };
    const watcher: Promise<Desk | null> = node
      .said(/mqtt:\/\/[\d.:]+/)
      .then(([url]) => openDesk(url, { decision, answer }, gone.signal))
      .catch(() => null);
    // Every other life ends at its work, the others anywhere, also before they have begun. The moment is the point:
    // nothing is waited for.
    if (long || life % 2 === 1) await Promise.race([labelled, node.ended]);
    await pause((long ? LONG_LIFE_MS : 0) + random() * LIFE_MS_MAX);
    node.process.kill('SIGKILL');
    gone.abort();
    const diedMs = performance.now() - born;
    assert.is(await node.ended, null, `life ${life} ended by itself: ${node.stderr()}`);
    const decided = new Set((await watcher)?.decided.map((window) => window.split('-')[0]!));
    for (const epoch of decided) {
      assert.not.ok(epochs.has(epoch), `life ${life}: epoch ${epoch} was used before`);
      epochs.add(epoch);
    }

    for (const window of ackedMs.keys()) acknowledged.add(window);
    const raw = await readRaw(state, hash);
    for (const [window, sequence] of raw.sequences) sequences.set(window, sequence);
    const store = await openStore(state, { model: hash });
    assert.equal(store.notices, [], `life ${life}`);
    assert.is(store.skipped, 0);
    await store.load();
    await store.close();
    for (const window of acknowledged) {
      assert.is(store.labels.get(window), learned, `life ${life}: the label of ${window} is gone`);
      const sequence = sequences.get(window);
      assert.ok(sequence !== undefined, `life ${life}: ${window} was acknowledged and never on disk`);
      const kept = raw.sequences.has(window) || sequence <= raw.through;
      assert.ok(kept, `life ${life}: ${window} is neither to be learned again nor learned`);
    }
    for (const [window, ms] of ackedMs) {
      if (diedMs - ms < LOST_MS_MAX) continue;
      const sequence = sequences.get(window)!;
      assert.ok(sequence <= raw.through, `life ${life}: ${window}, learned ${diedMs - ms} ms ago, is in no snapshot`);
    }
    if (long) {
      const old = [...ackedMs.values()].filter((ms) => diedMs - ms >= LOST_MS_MAX).length;
      console.log(`a life of ${Math.round(diedMs)} ms: ${ackedMs.size} labels, ${old} of them older than 5 s`);
    }
  }
  const last = myrmex('run', '--config', config);
  await last.said(/mqtt:\/\/[\d.:]+/);
  last.process.kill('SIGTERM');
  assert.is(await last.ended, 0, last.stderr());
  await rm(folder, { recursive: true });
  return acknowledged.size;
};

kill('no acknowledged label and no learned step older than 5 s is lost, and the store always opens', async () => {
  const counts = await Promise.all(Array.from({ length: LANES }, (_, n) => lane(100 + n, Math.ceil(KILLS / LANES))));
  const sum = counts.reduce((total, count) => total + count, 0);
  console.log(`${KILLS} kills, ${sum} acknowledged labels, none lost`);
  assert.ok(sum >= KILLS, 'most lives were too short to label anything');
});

kill.run();
