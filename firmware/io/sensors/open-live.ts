import type { ModelCard } from '../../../protocols/model-card.ts';
import type { LiveSensor } from '../../configuration/live-sensors.ts';
import type { Vitals } from '../../vitals.ts';
import { columnsOf } from './columns.ts';
import { createHostSource } from './host.ts';
import { createLiveSensor } from './live.ts';
import type { LiveSource, LiveTime } from './live-source.ts';
import type { Sensor } from './sensor.ts';

/** A rate that differs by more than this share from the model's is not the one it was trained at. */
const RATE_TOLERANCE = 0.05;

export interface LivePorts {
  readonly vitals: Vitals;
  readonly time: LiveTime;
  /** Samples that may wait in all channels together (board profile). */
  readonly queueSamples: number;
}

/** A live sensor and the channels of its rows. */
export interface OpenedLive {
  readonly channels: readonly string[];
  readonly sensor: Sensor;
}

/**
 * Opens a live sensor.
 *
 * @param card whose channels the rows are to have; null for the sensor's own
 * @throws NodeError `sensorMismatch`
 */
export const openLive = (sensor: LiveSensor, card: ModelCard | null, ports: LivePorts): OpenedLive => {
  const sources = sourcesOf(sensor);
  const own = sources.flatMap((source) => source.channels.map(({ name }) => name));
  const channels = card?.channels ?? own;
  const columns = columnsOf(own, channels, `the sensor "${sensor.kind}"`);
  const { rateHz } = sensor;
  if (card !== null) compareRates(1_000 / rateHz, card.sampleIntervalMs, ports.vitals);
  return { channels, sensor: createLiveSensor({ sources, columns, rateHz, ...ports }) };
};

const sourcesOf = (sensor: LiveSensor): readonly LiveSource[] => [createHostSource(sensor)];

/** A model may bear another rate, as its features see fit; but a person should know. */
const compareRates = (intervalMs: number, trainedMs: number, vitals: Vitals): void => {
  if (trainedMs === 0 || Math.abs(intervalMs / trainedMs - 1) <= RATE_TOLERANCE) return;
  vitals.trouble(
    'sensor.rate',
    `the sensor gives a row every ${intervalMs} ms, the model was trained on one every ${trainedMs} ms: ` +
      `set rateHz to ${Number((1_000 / trainedMs).toPrecision(6))}, or train it anew`,
  );
};
