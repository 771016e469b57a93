import type { BrokerEndpoint } from '../../firmware/io/broker-endpoint.ts';
import { connectMqtt } from '../../firmware/io/mqtt.ts';
import { createCodec } from '../../protocols/codec.ts';
import { openEnvelope } from '../../protocols/envelope.ts';
import { ASK } from '../../protocols/messages/ask.ts';
import { DECISION } from '../../protocols/messages/decision.ts';
import { topicFilter } from '../../protocols/topics.ts';
import { deskClientId } from '../broker/desk-identity.ts';
import { printDecision, printQuestions, visible } from './print-decision.ts';

/** A desk that waits longer than this for a broker has the wrong URL. */
const CONNECT_MS_MAX = 3_000;

export interface WatchOptions {
  readonly endpoint: BrokerEndpoint;
  readonly site?: string | undefined;
  readonly node?: string | undefined;
  /** Open questions instead of decisions. */
  readonly asks?: boolean;
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
 * Prints decisions, or open questions, as they are published, decoded; ends at `stop` or after `count`. A lost
 * connection is said and renewed; a message that cannot be opened is said and skipped.
 *
 * @returns how many of them were printed
 * @throws NodeError `brokerUrl`, `brokerUnreachable`
 */
export async function watchDecisions(options: WatchOptions): Promise<number> {
  const { asks = false } = options;
  const codec = createCodec();
  const mqtt = connectMqtt({ ...options.endpoint, clientId: deskClientId(options.endpoint, `${process.pid}`) });
  const decisionIn = (payload: Uint8Array) => {
    const opened = openEnvelope(codec, DECISION, payload);
    if (!opened.ok) return opened;
    return options.json ? JSON.stringify(opened.value) : printDecision(opened.value);
  };
  const questionsIn = (payload: Uint8Array) => {
    const opened = openEnvelope(codec, ASK, payload);
    if (!opened.ok) return opened;
    return options.json ? JSON.stringify(opened.value) : printQuestions(opened.value);
  };
  let printed = 0;
  try {
    await mqtt.ready(CONNECT_MS_MAX);
    const filter = topicFilter(asks ? 'ask' : 'decision', options);
    mqtt.onDisconnect(() => options.remark(`connection to ${options.endpoint.url} lost; trying again`));
    await new Promise<void>((resolve, reject) => {
      options.stop.addEventListener('abort', () => resolve(), { once: true });
      const show = (topic: string, payload: Uint8Array) => {
        if (printed >= options.count) return;
        const line = asks ? questionsIn(payload) : decisionIn(payload);
        if (typeof line !== 'string') {
          return options.remark(`${visible(topic)}: not ${asks ? 'questions' : 'a decision'} (${line.reason})`);
        }
        options.print(line);
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
