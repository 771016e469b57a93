import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { superviseCompute } from '../../firmware/compute-supervisor.ts';
import { NodeError } from '../../firmware/errors.ts';
import type { Compute, ComputeHandlers } from '../../firmware/io/compute.ts';
import { followLife } from '../../firmware/io/compute-life.ts';
import type { DecisionReport } from '../../firmware/worker/letters.ts';
import type { ComputeState } from '../../firmware/worker/protocol.ts';

const supervisor = suite('compute supervisor');

/** A worker that only notes what it is told. */
const createFake = () => {
  const begun: { state: ComputeState; handlers: ComputeHandlers }[] = [];
  const life: { beats: number; killed: NodeError | null } = { beats: 0, killed: null };
  const compute: Compute = {
    running: Promise.resolve(),
    built: async () => ({ adapterParameters: 0, arenaBytes: 0 }),
    begin: async (state, handlers) => {
      begun.push({ state, handlers });
      return null;
    },
    rows: undefined as never,
    wake: () => {},
    label: () => true,
    share: null,
    requestSnapshot: () => true,
    beats: () => life.beats,
    learning: () => ({ taken: 0, owed: 0, dropped: 0, spentMs: 0 }),
    kill: (reason) => {
      life.killed = reason;
    },
    stop: async () => null,
  };
  return { compute, begun, life };
};

const setUp = () => {
  const fakes = [createFake()];
  const events: string[] = [];
  const clock = { now: 1_000 };
  const supervised = superviseCompute(fakes[0]!.compute, {
    start: () => {
      events.push('start');
      fakes.push(createFake());
      return fakes.at(-1)!.compute;
    },
    load: async () => {
      events.push('load');
      return { snapshot: null, journal: [] };
    },
    lost: async () => {
      events.push('lost');
    },
    notice: (text) => events.push(text),
    monotonicMs: () => clock.now,
    handlers: { decision: () => {}, outcome: () => {}, snapshot: () => {} },
  });
  const fault = async (): Promise<void> => {
    fakes.at(-1)!.begun[0]!.handlers.fault(new NodeError('computeFault', 'it fell over'));
    await new Promise(setImmediate);
  };
  return { fakes, events, clock, supervised, fault };
};

supervisor('a failed worker is replaced once what it had learned is on disk, and window numbers go on', async () => {
  const { fakes, events, supervised, fault } = setUp();
  await supervised.begin();
  assert.is(fakes[0]!.begun[0]!.state.firstIndex, 0);
  fakes[0]!.begun[0]!.handlers.decision({ index: 41 } as DecisionReport);
  events.length = 0;
  await fault();
  assert.match(events[0]!, /it fell over; restarted from what is on disk \(1 of at most 5 times an hour\)/);
  assert.equal(events.slice(1), ['start', 'lost', 'load']);
  assert.is(supervised.restarts, 1);
  assert.is(supervised.current, fakes[1]!.compute);
  assert.is(fakes[1]!.begun[0]!.state.firstIndex, 42);
});

supervisor('one that hangs is ended and replaced; while it is being replaced nobody is ended', async () => {
  const { fakes, events, clock, supervised, fault } = setUp();
  const look = (times: number): void => {
    for (let n = 0; n < times; n++) {
      clock.now += 1_000;
      supervised.tick();
    }
  };
  look(60);
  await supervised.begin();
  for (let n = 0; n < 60; n++) {
    fakes[0]!.life.beats++;
    look(1);
  }
  assert.is(fakes[0]!.life.killed, null);
  look(9);
  assert.is(fakes[0]!.life.killed, null);
  assert.is(supervised.silentMs, 9_000);
  look(1);
  assert.is(fakes[0]!.life.killed!.code, 'computeStuck');
  fakes[0]!.life.killed = null;
  look(60);
  assert.is(fakes[0]!.life.killed, null, 'once is enough');
  await fault();
  assert.is(events.filter((event) => event === 'start').length, 1);
  look(9);
  assert.is(fakes[1]!.life.killed, null, 'the next one begins with a clean record');
  assert.is(supervised.restarts, 1);
});

supervisor('time in which this process was stopped itself is not held against the worker', async () => {
  const { fakes, clock, supervised } = setUp();
  await supervised.begin();
  clock.now += 31_536_000_000;
  supervised.tick();
  assert.is(fakes[0]!.life.killed, null);
  assert.is(supervised.silentMs, 2_000);
});

supervisor('a lone crash now and then is not counted up over the years', async () => {
  const { fakes, clock, supervised, fault } = setUp();
  await supervised.begin();
  for (let n = 0; n < 40; n++) {
    clock.now += 900_000;
    await fault();
  }
  assert.is(fakes.length, 41);
  assert.is(supervised.restarts, 40);
});

supervisor('one that keeps failing is given up', async () => {
  const { fakes, supervised, fault } = setUp();
  await supervised.begin();
  for (let n = 0; n < 6; n++) await fault();
  assert.is(fakes.length, 6);
  const failure = await supervised.failed.catch((error: NodeError) => error);
  assert.is(failure.code, 'computeFailed');
  assert.match(failure.message, /given up after 5 restarts in an hour/);
});

supervisor('one that was told to stop is not replaced', async () => {
  const { fakes, supervised, fault } = setUp();
  await supervised.begin();
  await supervised.stop();
  await fault();
  assert.is(fakes.length, 1);
});

/** A real thread that runs this text as its module; it says what the compute worker would. */
const thread = (text: string): Worker =>
  new Worker(`const { parentPort } = require('node:worker_threads'); ${text}`, { eval: true });

supervisor('a thread that dies while running is a fault with its reason', async () => {
  const worker = thread(`
    parentPort.postMessage({ kind: 'built' });
    parentPort.once('message', () => { parentPort.postMessage({ kind: 'restored', notice: null });
      parentPort.once('message', () => { throw new RangeError('out of luck'); }); });`);
  let letters = 0;
  const fault = new Promise<NodeError>((resolve) => {
    const life = followLife(worker, { letters: () => letters++, fault: resolve });
    life.built
      .then(() => worker.postMessage(1))
      .then(() => life.restored())
      .then(() => worker.postMessage(2));
  });
  const error = await fault;
  assert.is(error.code, 'computeFault');
  assert.match(error.message, /out of luck/);
  assert.is(letters, 1, 'what it said before is read');
});

supervisor('a thread that dies while building rejects what waits, and is no fault', async () => {
  const worker = thread(`throw new RangeError('no such model');`);
  let faults = 0;
  const life = followLife(worker, { letters: () => {}, fault: () => faults++ });
  const error = await life.built.catch((reason: Error) => reason);
  assert.match((error as Error).message, /no such model/);
  assert.is(await life.stop(), null);
  assert.is(faults, 0);
});

supervisor('a thread that does not stop when told is terminated', async () => {
  const worker = thread(`
    parentPort.postMessage({ kind: 'built' });
    parentPort.postMessage({ kind: 'restored', notice: null });
    const cell = new Int32Array(new SharedArrayBuffer(4));
    setImmediate(() => Atomics.wait(cell, 0, 0));`);
  const life = followLife(worker, { letters: () => {}, fault: () => assert.unreachable('a fault') });
  await life.restored();
  const gone = once(worker, 'exit');
  assert.is(await life.stop(), null);
  await gone;
});

supervisor.run();
