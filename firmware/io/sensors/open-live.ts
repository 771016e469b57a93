import type { ModelCard } from '../../../protocols/model-card.ts';
import type { LivePart, LiveSensor } from '../../configuration/live-sensors.ts';
import type { Vitals } from '../../vitals.ts';
import type { BrokerEndpoint } from '../broker-endpoint.ts';
import { columnsOf } from './columns.ts';
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
  /** The broker of an `mqtt` sensor that names none, and what this program calls itself there. */
  readonly endpoint: BrokerEndpoint;
  readonly clientId: string;
}

/** A live sensor and the channels of its rows. */
export interface OpenedLive {
  readonly channels: readonly string[];
  readonly sensor: Sensor;
}

/**
 * Opens a live sensor. What only one kind of source needs is loaded with it.
 *
 * @param card whose channels the rows are to have; null for the sensor's own
 * @throws NodeError `sensorMismatch`, and what `endpointOf` throws
 */
export const openLive = async (sensor: LiveSensor, card: ModelCard | null, ports: LivePorts): Promise<OpenedLive> => {
  const parts: readonly LivePart[] = sensor.kind === 'several' ? sensor.sensors : [sensor];
  const sources = await Promise.all(parts.map((part, at) => openPart(part, at, ports)));
  const own = sources.flatMap((source) => source.channels.map(({ name }) => name));
  const channels = card?.channels ?? own;
  const columns = columnsOf(own, channels, `the sensor "${sensor.kind}"`);
  const rateHz = sensor.rateHz ?? null;
  const delayMs = sensor.kind === 'mqtt' || sensor.kind === 'several' ? sensor.delayMs : undefined;
  if (card !== null && rateHz !== null) compareRates(1_000 / rateHz, card.sampleIntervalMs, ports.vitals);
  return { channels, sensor: createLiveSensor({ sources, columns, rateHz, delayMs, ...ports }) };
};

const openPart = async (part: LivePart, at: number, ports: LivePorts): Promise<LiveSource> => {
  if (part.kind === 'host') return (await import('./host.ts')).createHostSource(part);
  if (part.kind === 'stdin') return (await import('./stdin.ts')).createStdinSource(part);
  const { createMqttSource } = await import('./mqtt.ts');
  const clientId = `${ports.clientId}${at === 0 ? '' : `.${at + 1}`}`;
  if (part.broker === undefined) return createMqttSource(part, { endpoint: ports.endpoint, clientId });
  const { endpointOf } = await import('../broker-files.ts');
  return createMqttSource(part, { endpoint: await endpointOf(part.broker), clientId });
};

/** A model may bear another rate, as its features see fit; but a person should know. */
const compareRates = (intervalMs: number, trainedMs: number, vitals: Vitals): void => {
  if (trainedMs === 0 || Math.abs(intervalMs / trainedMs - 1) <= RATE_TOLERANCE) return;
  vitals.trouble(
    'sensor.rate',
    `the sensor gives a row every ${intervalMs} ms, the model was trained on one every ${trainedMs} ms: ` +
      `set rateHz to ${Number((1_000 / trainedMs).toPrecision(6))}, or train it anew`,
  );
};
