import type { LiveSensor } from '../../firmware/configuration/live-sensors.ts';
import type { Configuration } from '../../firmware/configuration.ts';
import type { BrokerEndpoint } from '../../firmware/io/broker-endpoint.ts';
import type { Recording } from '../../firmware/io/recording.ts';
import type { Sensor } from '../../firmware/io/sensors/sensor.ts';
import { createVitals } from '../../firmware/vitals.ts';

/** Samples that may wait: this is a desk, not a gateway. */
const QUEUE_SAMPLES = 1 << 20;

/** A sensor without a model. */
export interface RecordSource {
  readonly channels: readonly string[];
  /** Names of the classes that rows bear as their truth. */
  readonly labels: readonly string[];
  /** Names of the segments, null when they are just counted. */
  readonly segments: readonly string[] | null;
  /** Of the gateway that a recording was made by. */
  readonly node: string | null;
  /** Time passes while it delivers, and begins with 0. */
  readonly timed: boolean;
  readonly sensor: Sensor;
}

export interface RecordPorts {
  readonly endpoint: () => Promise<BrokerEndpoint>;
  readonly clientId: string;
  readonly notice: (text: string) => void;
}

/** Opens any configured sensor to be recorded. @throws RecordingError, NodeError of `openLive` */
export const openRecordSource = (sensor: Configuration['sensor'], ports: RecordPorts): Promise<RecordSource> => {
  if (sensor.kind === 'simulated') return openSimulated(sensor, ports);
  if (sensor.kind === 'recording') return openRecording(sensor, ports);
  return openLiveSource(sensor, ports);
};

const openLiveSource = async (sensor: LiveSensor, ports: RecordPorts): Promise<RecordSource> => {
  const { openLive } = await import('../../firmware/io/sensors/open-live.ts');
  const { systemTime } = await import('../../firmware/io/sensors/live.ts');
  const { clientId, notice } = ports;
  const needsBroker = sensor.kind === 'mqtt' || sensor.kind === 'several';
  const endpoint = needsBroker ? await ports.endpoint() : { url: '' };
  const live = { endpoint, clientId, vitals: createVitals(notice), time: systemTime(), queueSamples: QUEUE_SAMPLES };
  return { ...(await openLive(sensor, null, live)), labels: [], segments: null, node: null, timed: true };
};

type SensorOf<Kind> = Extract<Configuration['sensor'], { kind: Kind }>;

const openSimulated = async (
  { seed, drift }: SensorOf<'simulated'>,
  { notice }: RecordPorts,
): Promise<RecordSource> => {
  const { createSimulatedSensor } = await import('../../firmware/io/sensors/simulated.ts');
  const { MACHINE_CHANNELS, MACHINE_LABELS } = await import('../../firmware/simulated-machine.ts');
  const classes = MACHINE_LABELS.map((_, state) => state);
  const sensor = createSimulatedSensor({ seed, drift, classes, labeller: null, label: async () => {}, notice });
  const [channels, labels] = [MACHINE_CHANNELS, MACHINE_LABELS];
  return { channels, labels, segments: ['1'], node: null, timed: true, sensor };
};

/** One node of a recording, as fast as it can be written. */
const openRecording = async (
  { path, node, segments }: SensorOf<'recording'>,
  { notice }: RecordPorts,
): Promise<RecordSource> => {
  const { readRecording } = await import('../../firmware/io/recording.ts');
  const recording = await readRecording(path, {
    ...(node === undefined ? {} : { nodes: [node] }),
    ...(segments === undefined ? {} : { segments }),
  });
  const [rows, ...others] = recording.nodes;
  if (others.length > 0) notice(`recording node ${rows!.node}, the first of ${others.length + 1}`);
  const { channels, labels } = recording;
  const sensor = playOnce(rows!, channels.length);
  return { channels, labels, segments: rows!.segments, node: rows!.node, timed: false, sensor };
};

const playOnce = (rows: Recording['nodes'][number], channels: number): Sensor => ({
  decided: () => {},
  run: async (sink, signal) => {
    for (let row = 0; row < rows.rows && !signal.aborted; row++) {
      sink.push(rows.values, row * channels, rows.tMs[row]!, rows.segment[row]!, rows.label[row]!);
    }
  },
});
