import type { Closers } from './closers.ts';
import type { ComputeSupervisor } from './compute-supervisor.ts';
import type { Courier } from './courier.ts';
import type { Clock } from './io/clock.ts';
import type { MqttPort } from './io/mqtt.ts';
import type { SampleSink, Sensor } from './io/sensors/sensor.ts';
import type { LabelDesk } from './label-desk.ts';
import type { Publisher } from './machines/publisher.ts';
import type { Snapshots } from './snapshots.ts';
import { type NodeStatus, telemetryOf } from './status.ts';
import { within } from './within.ts';

const SNAPSHOT_TICK_MS = 250;
const LABEL_TICK_MS = 1_000;
const COURIER_TICK_MS = 100;
const WATCH_TICK_MS = 1_000;
const WRITES_TICK_MS = 60_000;
const TELEMETRY_MS = 5_000;
/**
 * At the end: until the rows that wait are decided, until the learned state is on disk, and until everything is closed.
 * With a second for the worker's own end they make 4.5 s, of the 5 s in which a stop must be over.
 */
const SETTLE_MS_MAX = 1_000;
const SETTLE_TICK_MS = 5;
const FLUSH_MS_MAX = 1_000;
export const CLOSE_MS_MAX = 1_500;

/** What only a finished run knows. */
export interface NodeEnd extends NodeStatus {
  readonly model: string;
  /** Over every decision of the last compute worker; null when it could not be asked any more. */
  readonly decisionFingerprint: string | null;
  /** Decisions that this process was too busy to take from its worker. */
  readonly lostDecisions: number;
}

export interface RunningNode {
  /** Of the broker. */
  readonly url: string;
  /** Resolves when the sensor has no more samples; rejects when the sensor or the compute worker fails for good. */
  readonly done: Promise<void>;
  status(): NodeStatus;
  /** Ends everything in order, once: rows decided, state on disk, presence offline, broker closed. */
  stop(): Promise<NodeEnd>;
}

export interface RunningParts {
  readonly url: string;
  readonly clock: Clock;
  readonly compute: ComputeSupervisor;
  readonly sensor: Sensor;
  readonly snapshots: Snapshots;
  readonly desk: LabelDesk;
  readonly mqtt: MqttPort;
  readonly publisher: Publisher;
  readonly courier: Courier;
  readonly closers: Closers;
  readonly watchWrites: () => void;
  readonly model: string;
  readonly status: () => NodeStatus;
}

/** Starts the sensor and the periodic work of a wired node. */
export const runNode = (parts: RunningParts): RunningNode => {
  const { clock, compute, sensor, snapshots, desk, mqtt, publisher, courier, closers, status } = parts;
  const timers = [
    setInterval(() => snapshots.tick(clock.monotonicMs()), SNAPSHOT_TICK_MS),
    setInterval(() => desk.tick(clock.monotonicMs()), LABEL_TICK_MS),
    setInterval(courier.tick, COURIER_TICK_MS),
    setInterval(() => compute.tick(), WATCH_TICK_MS),
    setInterval(parts.watchWrites, WRITES_TICK_MS),
    setInterval(() => mqtt.publish(publisher.telemetry(telemetryOf(status()), clock.unixMs())), TELEMETRY_MS),
  ];
  const sink: SampleSink = {
    push: (values, offset, tMs, segment, truth) =>
      compute.current.rows.push(values, offset, tMs, segment, truth, clock.monotonicMs()),
    wake: () => compute.current.wake(),
  };
  const ended = new AbortController();
  const sensing = sensor.run(sink, ended.signal);
  const done = Promise.race([sensing, compute.failed]);
  // Whoever runs the node awaits `done`; should it stop first, a failure after that is nobody's business.
  done.catch(() => {});

  const stop = async (): Promise<NodeEnd> => {
    ended.abort();
    await within(Promise.allSettled([sensing]), SETTLE_MS_MAX);
    await until(() => compute.current.rows.waitingRows === 0, SETTLE_MS_MAX);
    await within(snapshots.flush(), FLUSH_MS_MAX);
    const end = await compute.stop();
    for (const timer of timers) clearInterval(timer);
    await courier.settle();
    const last = status();
    await closers.close(CLOSE_MS_MAX);
    const { fingerprint = null, lostDecisions = 0 } = end ?? {};
    return { ...last, model: parts.model, decisionFingerprint: fingerprint, lostDecisions };
  };
  let stopped: Promise<NodeEnd> | null = null;
  return {
    url: parts.url,
    done,
    status,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
};

/** Never keeps the process alive by itself. */
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());

const until = async (condition: () => boolean, msMax: number): Promise<void> => {
  for (let waited = 0; !condition() && waited < msMax; waited += SETTLE_TICK_MS) await pause(SETTLE_TICK_MS);
};
