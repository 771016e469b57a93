import type { BrokerEndpoint } from '../../firmware/io/broker-endpoint.ts';
import { connectMqtt } from '../../firmware/io/mqtt.ts';
import { createCodec } from '../../protocols/codec.ts';
import { openEnvelope } from '../../protocols/envelope.ts';
import { DECISION } from '../../protocols/messages/decision.ts';
import { topicFilter } from '../../protocols/topics.ts';
import { printDecision, visible } from './print-decision.ts';

/** A desk that waits longer than this for a broker has the wrong URL. */
const CONNECT_MS_MAX = 3_000;

export interface WatchOptions {
  readonly endpoint: BrokerEndpoint;
  readonly site?: string | undefined;
  readonly node?: string | undefined;
  readonly json: boolean;
  /** Stop after so many decisions; Infinity: until told. */
  readonly count: number;
  readonly stop: AbortSignal;
  /** A line for standard output. */
  readonly print: (line: string) => void;
  /** A line for standard error. */
  readonly remark: (line: string) => void;
}

/**
 * Prints decisions as they are published, decoded; ends at `stop` or after `count`. A lost connection is said and
 * renewed; a message that cannot be opened is said and skipped.
 *
 * @returns how many decisions were printed
 * @throws NodeError `brokerUrl`, `brokerUnreachable`
 */
export async function watchDecisions(options: WatchOptions): Promise<number> {
  const codec = createCodec();
  const mqtt = connectMqtt({ ...options.endpoint, clientId: `myrmexctl-${process.pid}` });
  let printed = 0;
  try {
    await mqtt.ready(CONNECT_MS_MAX);
    const filter = topicFilter('decision', options);
    mqtt.onDisconnect(() => options.remark(`connection to ${options.endpoint.url} lost; trying again`));
    await new Promise<void>((resolve, reject) => {
      options.stop.addEventListener('abort', () => resolve(), { once: true });
      const show = (topic: string, payload: Uint8Array) => {
        if (printed >= options.count) return;
        const opened = openEnvelope(codec, DECISION, payload);
        if (!opened.ok) return options.remark(`${visible(topic)}: not a decision (${opened.reason})`);
        options.print(options.json ? JSON.stringify(opened.value) : printDecision(opened.value));
        printed += 1;
        if (printed >= options.count) resolve();
      };
      if (options.stop.aborted) resolve();
      mqtt.subscribe(filter, show).then(() => options.remark(`watching ${filter} on ${options.endpoint.url}`), reject);
    });
    return printed;
  } finally {
    await mqtt.close();
  }
}
