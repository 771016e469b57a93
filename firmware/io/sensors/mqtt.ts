import { type Codec, createCodec } from '../../../protocols/codec.ts';
import { parsePointer } from '../../../protocols/json-pointer.ts';
import { SAMPLE_LIMITS, type SampleLocation, SamplePayload } from '../../../protocols/sample-payload.ts';
import { rulesOf } from '../../configuration/channels.ts';
import type { MqttPart } from '../../configuration/live-sensors.ts';
import { NodeError } from '../../errors.ts';
import { BlockClock } from '../../machines/block-clock.ts';
import type { BrokerEndpoint } from '../broker-endpoint.ts';
import type { MqttPort } from '../mqtt.ts';
import type { LiveSource, SourcePort } from './live-source.ts';

/** Blocks of samples come a little irregularly, and are long themselves. */
const BLOCK_DELAY_MS = 250;

type Settings = MqttPart['channels'][string];

/** What a topic filter brings: the channels that read its messages. */
interface Feed {
  readonly filter: string;
  readonly channels: { readonly at: number; readonly settings: Settings; readonly location: SampleLocation }[];
}

/**
 * Other people's sensors as a source, through a connection of its own.
 *
 * @param clientId told to the broker; two with one name would push each other out
 */
export const createMqttSource = (
  { channels }: MqttPart,
  { endpoint, clientId }: { endpoint: BrokerEndpoint; clientId: string },
): LiveSource => {
  const entries = Object.entries(channels);
  const feeds = feedsOf(entries.map(([, settings]) => settings));
  return {
    name: 'mqtt',
    channels: entries.map(([name, settings]) => rulesOf(name, settings, 0)),
    delayMs: entries.some(([, { sampleHz }]) => sampleHz !== undefined) ? BLOCK_DELAY_MS : 0,
    run: async (port, signal) => {
      // One of each, whatever the number of topics: messages are taken one at a time.
      const workspace = { codec: createCodec(), samples: new Float64Array(SAMPLE_LIMITS.samplesMax) };
      const { connectMqtt } = await import('../mqtt.ts');
      const mqtt = connectMqtt({ ...endpoint, clientId, subscriptionsMax: feeds.length });
      mqtt.onFault((text) => port.trouble(text));
      const aborted = new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      try {
        const subscribed = Promise.all(feeds.map((feed) => listen(mqtt, feed, port, workspace)));
        await Promise.race([subscribed, aborted]);
        // Renewed by itself; from now on the connection alone decides whether all is well.
        mqtt.onConnect(() => port.trouble(null));
        await aborted;
      } finally {
        await mqtt.close();
      }
    },
  };
};

const feedsOf = (channels: readonly Settings[]): readonly Feed[] => {
  const feeds = new Map<string, Feed>();
  for (const [at, settings] of channels.entries()) {
    const feed = feeds.get(settings.topic) ?? { filter: settings.topic, channels: [] };
    feeds.set(settings.topic, feed);
    feed.channels.push({ at, settings, location: locationOf(settings) });
  }
  return [...feeds.values()];
};

const locationOf = (settings: Settings): SampleLocation => {
  const { read } = settings;
  const column = settings.column ?? null;
  if (read === 'number') return { format: 'text', pointer: [], column };
  return 'json' in read
    ? { format: 'json', pointer: parsePointer(read.json)!, column }
    : { format: 'cbor', pointer: parsePointer(read.cbor)!, column };
};

interface Workspace {
  readonly codec: Codec;
  readonly samples: Float64Array;
}

/** @throws NodeError `topicRefused` */
const listen = async (
  mqtt: MqttPort,
  { filter, channels }: Feed,
  port: SourcePort,
  { codec, samples }: Workspace,
): Promise<void> => {
  const readers = channels.map(({ at, settings, location }) => {
    const { sampleHz, retained = false } = settings;
    const intervalMs = sampleHz === undefined ? 0 : 1_000 / sampleHz;
    const clock = sampleHz === undefined ? null : new BlockClock(intervalMs);
    return (payload: SamplePayload, nowMs: number, old: boolean): void => {
      if (old && !retained) return;
      const count = payload.read(location, samples);
      // Without a rate nobody knows when the samples of a block were taken.
      if (count < 0 || (count > 1 && clock === null)) {
        port.refused();
        return;
      }
      const endMs = clock?.end(count, nowMs) ?? nowMs;
      for (let n = 0; n < count; n++) port.sample(at, samples[n]!, endMs - (count - 1 - n) * intervalMs);
    };
  });
  const heard = (_topic: string, bytes: Uint8Array, { retained }: { retained: boolean }): void => {
    const payload = new SamplePayload(bytes, codec);
    const nowMs = port.time.monotonicMs();
    for (const read of readers) read(payload, nowMs, retained);
  };
  try {
    await mqtt.subscribe(filter, heard, { absolute: true });
  } catch (cause) {
    const message = `the broker refuses to let this gateway read "${filter}": allow it in the broker's access rules`;
    throw new NodeError('topicRefused', message, { cause });
  }
};
