import { Doorbell } from '../../kernels/doorbell.ts';
import { Inbox, Outbox } from '../../kernels/mailbox.ts';
import { RingReader } from '../../kernels/ring.ts';
import { createWindower, type Windower } from '../../kernels/signal/windower.ts';
import type { Pipeline } from '../pipeline.ts';
import { Asker } from './asker.ts';
import { createCountsWriter } from './learning-counts.ts';
import { LearningSlices } from './learning-slices.ts';
import { TO_MAIN, TO_WORKER, type WindowFacts, writeDecision, writeOutcome } from './letters.ts';
import type { ComputeSettings } from './protocol.ts';
import { createShareDesk, type ShareVerb } from './share-memory.ts';

/** A sleep ends by itself after this, so that a lost wake-up costs a second and not the node. */
const SLEEP_MS_MAX = 1_000;
/** Learning rests for so long when the main thread does not keep up with the decisions: they share the cores. */
const CROWDED_MS = 20;

export interface LoopContext {
  readonly settings: ComputeSettings;
  readonly pipeline: Pipeline;
  /** Index of the first window. */
  readonly firstIndex: number;
  /** Where `snapshot` letters put the learned state. */
  readonly snapshot: Uint8Array;
  /** The vector that letters of the mesh are about; null where nothing is shared. */
  readonly shared: SharedArrayBuffer | null;
  /** Tells the main thread that letters wait, when it does not know yet. */
  readonly tell: () => void;
  /** Monotonic ms. */
  readonly now: () => number;
}

/**
 * Allocates all that the loop needs and returns it. The loop is the compute worker's whole life after start: rows in,
 * decisions out, labels in, learning in between; it never goes back to the event loop and allocates nothing. Order of
 * work: a sign of life, letters, then rows up to one complete window, then one slice of learning when no window waits
 * and the budget allows it, then sleep. In `eager` mode all owed steps come before the next row, and no clock counts.
 *
 * The loop returns the number of decisions that found no room in the mailbox.
 */
export const createLoop = (context: LoopContext): (() => number) => {
  const { settings, pipeline } = context;
  const bell = new Doorbell(settings.bell);
  const post = createPostOffice(context);
  const stream = createStream(context);
  const beat = new Int32Array(settings.beat);
  const slices = new LearningSlices(pipeline, settings.learning, context.now);
  const count = createCountsWriter(settings.learned, pipeline, slices);
  const payAll = (): void => {
    while (pipeline.owed > 0) {
      pipeline.step();
      Atomics.add(beat, 0, 1);
    }
  };
  return () => {
    for (;;) {
      Atomics.add(beat, 0, 1);
      const heard = bell.count();
      if (!post.handleLetters()) return post.lostDecisions;
      if (settings.eager) payAll();
      count();
      if (stream.readWindow()) {
        post.decide(stream.windower, stream.facts);
        // What the window itself brought due comes before its label, whenever that arrives.
        if (settings.eager) payAll();
        continue;
      }
      const waitMs = post.crowded ? CROWDED_MS : slices.waitMs();
      if (waitMs === 0) slices.run(stream.waits);
      else bell.wait(heard, Math.min(waitMs, SLEEP_MS_MAX));
    }
  };
};

/** The sample side: rows of the ring cut into windows, with what is known about each. */
const createStream = ({ settings, pipeline, firstIndex }: LoopContext) => {
  const { channels, window, stride } = pipeline.card;
  const reader = new RingReader(settings.ring);
  const windower = createWindower({ channels: channels.length, window, stride });
  const facts: WindowFacts & { index: number } = {
    index: -1,
    truth: -1,
    endMs: 0,
    pushMs: 0,
    missing: 0,
    computeUs: 0,
    asked: false,
  };
  /** Reads waiting rows until one completes a window; false when they do not. */
  const readWindow = (): boolean => {
    while (reader.read()) {
      if (reader.skippedRows > 0) windower.skip(reader.skippedRows);
      if (!windower.push(reader.values, 0, reader.segment, reader.truth, reader.tMs)) continue;
      facts.index = firstIndex + windower.index;
      facts.truth = windower.truth;
      facts.endMs = windower.endMs;
      facts.pushMs = reader.pushMs;
      facts.missing = windower.missing;
      return true;
    }
    return false;
  };
  const waits = (): boolean => reader.waiting > 0;
  return { windower, facts, readWindow, waits };
};

/** The letter side: answers what the main thread asks, and reports decisions. */
const createPostOffice = ({ settings, pipeline, snapshot, shared, tell, now }: LoopContext) => {
  const inbox = new Inbox(settings.toWorker);
  const outbox = new Outbox(settings.toMain);
  const input: Parameters<Pipeline['decide']>[0] = { samples: new Float32Array(0), index: -1, valid: false };
  const asker = new Asker(settings.asksPerDay, now);
  const share = shared === null ? null : createShareDesk(pipeline, shared, () => pipeline.labels);
  let lostDecisions = 0;

  const handleLabel = (index: number, label: number, correction: boolean): void => {
    // handleLetters has made sure that there is room: every label gets its outcome.
    writeOutcome(outbox.next()!, index, label, pipeline.observe(index, label, correction));
    outbox.send();
    tell();
  };

  const handleSnapshot = (): void => {
    const letter = outbox.next()!;
    letter.kind[0] = TO_MAIN.snapshot;
    letter.words[0] = pipeline.snapshot(snapshot);
    outbox.send();
    tell();
  };

  const handleShare = (verb: ShareVerb): void => {
    const letter = outbox.next()!;
    letter.kind[0] = TO_MAIN.share;
    letter.doubles[0] = share?.(verb) ?? Number.NaN;
    outbox.send();
    tell();
  };

  return {
    get lostDecisions() {
      return lostDecisions;
    },
    /** More than half of the letters to the main thread have not been taken. */
    get crowded() {
      return outbox.room < settings.toMain.capacity / 2;
    },
    /** Handles all letters that can be answered now; false when one said stop. */
    handleLetters(): boolean {
      while (outbox.room > 0) {
        const letter = inbox.peek();
        if (letter === null) break;
        const kind = letter.kind[0];
        const index = letter.doubles[0]!;
        const label = letter.words[0]!;
        // Given back before it is handled: should handling it end this thread, the next one does not meet it again.
        inbox.done();
        if (kind === TO_WORKER.stop) return false;
        if (kind === TO_WORKER.snapshot) handleSnapshot();
        else if (kind === TO_WORKER.share) handleShare(label as ShareVerb);
        else handleLabel(index, label, kind === TO_WORKER.correction);
      }
      return true;
    },
    decide(windower: Windower, facts: WindowFacts & { index: number }): void {
      input.samples = windower.samples;
      input.index = facts.index;
      input.valid = windower.valid;
      const began = now();
      const decision = pipeline.decide(input);
      facts.computeUs = (now() - began) * 1_000;
      facts.asked = asker.asks(decision);
      if (facts.asked) pipeline.keep(facts.index);
      const letter = outbox.next();
      if (letter === null) {
        lostDecisions++;
        return;
      }
      writeDecision(letter, decision, facts);
      outbox.send();
      tell();
    },
  };
};
