import type { Closers } from './closers.ts';
import type { ComputeSupervisor } from './compute-supervisor.ts';
import type { Courier } from './courier.ts';
import type { Clock } from './io/clock.ts';
import type { MqttPort } from './io/mqtt.ts';
import type { SampleSink, Sensor } from './io/sensors/sensor.ts';
import type { LabelDesk } from './label-desk.ts';
import type { Publisher } from './machines/publisher.ts';
import { until } from './pause.ts';
import type { Sharing } from './sharing.ts';
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
 * A stop that was asked for is over in 4.6 s, of the 5 s it may take: the sensor lets go, the rows that wait are
 * decided, what was learned goes to disk and to a coordinator, the worker ends (1 s), decisions go out, and all is
 * closed in what is left.
 */
const STOP_MS_MAX = 4_600;
const SENSOR_MS_MAX = 500;
const SETTLE_MS_MAX = 1_000;
/** When the sensor has ended by itself nobody waits, and every row should be decided. */
const SETTLE_AT_END_MS_MAX = 10_000;
const FLUSH_MS_MAX = 800;
const DELIVERY_MS_MAX = 800;
/** Of a start that failed, and what a stop leaves at most. */
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
  /** How long the compute worker has given no sign of life, ms. */
  readonly silentMs: number;
  /** Ends everything in order, once: rows decided, state on disk, presence offline, broker closed. */
  stop(): Promise<NodeEnd>;
}

export interface RunningParts {
  readonly url: string;
  readonly clock: Clock;
  readonly compute: ComputeSupervisor;
  readonly sensor: Sensor;
  readonly sharing: Sharing;
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
  const { clock, compute, sensor, sharing, snapshots, desk, mqtt, publisher, courier, closers, status } = parts;
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

  let endedByItself = false;
  sensing.then(
    () => {
      endedByItself = !ended.signal.aborted;
    },
    () => {},
  );

  const stop = async (): Promise<NodeEnd> => {
    ended.abort();
    const settled = (): boolean => compute.current.rows.waitingRows === 0;
    if (endedByItself) await until(settled, SETTLE_AT_END_MS_MAX);
    const overMs = clock.monotonicMs() + STOP_MS_MAX;
    await within(Promise.allSettled([sensing]), SENSOR_MS_MAX);
    await until(settled, SETTLE_MS_MAX);
    await within(Promise.all([sharing.handOver(), snapshots.flush()]), FLUSH_MS_MAX);
    const end = await compute.stop();
    for (const timer of timers) clearInterval(timer);
    await within(courier.settle(), DELIVERY_MS_MAX);
    const last = status();
    await closers.close(Math.min(CLOSE_MS_MAX, overMs - clock.monotonicMs()));
    const { fingerprint = null, lostDecisions = 0 } = end ?? {};
    return { ...last, model: parts.model, decisionFingerprint: fingerprint, lostDecisions };
  };
  let stopped: Promise<NodeEnd> | null = null;
  return {
    url: parts.url,
    done,
    status,
    get silentMs() {
      return compute.silentMs;
    },
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
};
