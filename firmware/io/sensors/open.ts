import { boardProfile } from '../../../boards/registry.ts';
import { clientIdOf } from '../../../protocols/access.ts';
import type { ModelCard } from '../../../protocols/model-card.ts';
import type { Configuration } from '../../configuration.ts';
import { NodeError } from '../../errors.ts';
import { createLabeller } from '../../labeller.ts';
import { createReveal } from '../../reveal.ts';
import { MACHINE_CHANNELS, MACHINE_LABELS } from '../../simulated-machine.ts';
import { classesOf } from '../../task-words.ts';
import type { Vitals } from '../../vitals.ts';
import type { BrokerEndpoint } from '../broker-endpoint.ts';
import { columnsOf } from './columns.ts';
import type { Sensor } from './sensor.ts';

/** What a sensor needs of the node around it. */
export interface SensorPorts {
  readonly card: ModelCard;
  /** Says over the wire what was true about a window; resolves when the node has answered. */
  readonly label: (index: number, label: number) => Promise<void>;
  /** Null while decisions are taken as fast as they come; else resolves when they are again. */
  readonly room: () => Promise<void> | null;
  readonly notice: (text: string) => void;
  readonly vitals: Vitals;
  /** The node's own broker. */
  readonly endpoint: BrokerEndpoint;
}

/**
 * Opens the sensor that the configuration names.
 *
 * @throws NodeError `sensorMismatch` when its channels are not the model's; RecordingError
 */
export const openSensor = async (configuration: Configuration, ports: SensorPorts): Promise<Sensor> => {
  const { sensor } = configuration;
  if (sensor.kind === 'simulated') return openSimulated(sensor, configuration, ports);
  if (sensor.kind === 'recording') return openRecording(sensor, configuration, ports);
  const { openLive } = await import('./open-live.ts');
  const { systemTime } = await import('./live.ts');
  const { site, node, board } = configuration;
  const { vitals, endpoint, card } = ports;
  const queueSamples = boardProfile(board).sensorQueueSamples;
  const live = { vitals, endpoint, clientId: clientIdOf(site, node, 'sensor'), time: systemTime(), queueSamples };
  return (await openLive(sensor, card, live)).sensor;
};

type SensorOf<Kind> = Extract<Configuration['sensor'], { kind: Kind }>;

const openSimulated = async (
  { seed, drift }: SensorOf<'simulated'>,
  { labeller }: Configuration,
  { card, label, notice }: SensorPorts,
): Promise<Sensor> => {
  const { createSimulatedSensor } = await import('./simulated.ts');
  requireChannels(MACHINE_CHANNELS, card, 'the simulated machine');
  const classes = classesOf(card, MACHINE_LABELS);
  const answers = labeller === undefined ? null : createLabeller({ seed, ...labeller });
  return createSimulatedSensor({ seed, drift, classes, labeller: answers, label, notice });
};

const openRecording = async (
  sensor: SensorOf<'recording'>,
  { seed }: Configuration,
  { card, label, room, notice }: SensorPorts,
): Promise<Sensor> => {
  const { readRecording } = await import('../recording.ts');
  const { createRecordingSensor } = await import('./recording.ts');
  const recording = await readRecording(sensor.path, {
    ...(sensor.node === undefined ? {} : { nodes: [sensor.node] }),
    ...(sensor.segments === undefined ? {} : { segments: sensor.segments }),
    targets: card.task === 'regression',
  });
  requireChannels(recording.channels, card, sensor.path);
  const rows = recording.nodes[0]!;
  const others = recording.nodes.length - 1;
  if (others > 0) notice(`playing node ${rows.node}, the first of ${others + 1} (--node names another)`);
  const classes = classesOf(card, recording.labels);
  const unknown = recording.labels.filter((_, at) => classes[at]! < 0);
  if (unknown.length > 0) notice(`windows labelled ${unknown.join(', ')} are not scored: the model has no such class`);
  return createRecordingSensor({
    rows,
    channels: recording.channels.length,
    card,
    classes,
    speed: sensor.speed,
    reveal: createReveal({ rate: sensor.labelRate, seed, node: rows.node }),
    label,
    room,
  });
};

const requireChannels = (channels: readonly string[], card: ModelCard, source: string): void => {
  const inOrder = columnsOf(channels, card.channels, source).every((column, at) => column === at);
  if (!inOrder) throw new NodeError('sensorMismatch', `${source} has the model's channels in another order`);
};
