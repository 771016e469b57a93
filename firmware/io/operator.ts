import { setTimeout as pause } from 'node:timers/promises';
import { clientIdOf } from '../../protocols/access.ts';
import { createCodec } from '../../protocols/codec.ts';
import { createEnvelopeWriter, openEnvelope } from '../../protocols/envelope.ts';
import { LABEL } from '../../protocols/messages/label.ts';
import { LABEL_ACK, type LabelStatus } from '../../protocols/messages/label-ack.ts';
import { topicName } from '../../protocols/topics.ts';
import type { Configuration } from '../configuration.ts';
import { NodeError } from '../errors.ts';
import type { BrokerEndpoint } from './broker-endpoint.ts';

const CONNECT_MS_MAX = 10_000;
const ANSWER_MS_MAX = 5_000;
/** A label that is `busy` or unanswered is sent again this often; QoS 1 and the window id make that harmless. */
const ATTEMPTS_MAX = 4;
const ATTEMPT_PAUSE_MS = 250;

/** Someone who knows what was true and says so over MQTT, through a connection of their own. */
export interface Operator {
  /**
   * Labels a window and waits for the node's answer; null when the operator left before it came.
   *
   * @throws NodeError `labelUnanswered` when the node says nothing, or only `busy`, several times over
   */
  label(window: string, label: string): Promise<LabelStatus | null>;
  close(): Promise<void>;
}

/** Of a node that nobody answers. */
const NOBODY: Operator = { label: async () => null, close: async () => {} };

/** The operator that the configuration asks for, if any. @throws NodeError `brokerUnreachable` */
export const openOperator = async (
  { site, node, sensor, labeller }: Configuration,
  endpoint: BrokerEndpoint,
): Promise<Operator> => {
  const answers = sensor.kind === 'recording' ? sensor.labelRate > 0 : labeller !== undefined;
  return answers ? connectOperator({ endpoint, site, node }) : NOBODY;
};

/** Connects to the broker as an operator of one node. */
const connectOperator = async (options: {
  endpoint: BrokerEndpoint;
  site: string;
  node: string;
}): Promise<Operator> => {
  const { endpoint, site, node } = options;
  const { connectMqtt } = await import('./mqtt.ts');
  const codec = createCodec();
  const mqtt = connectMqtt({ ...endpoint, clientId: clientIdOf(site, node, 'operator') });
  await mqtt.ready(CONNECT_MS_MAX);
  // The epoch tells one session of an operator from another; an operator has no store, and time will do for that.
  const writer = createEnvelopeWriter(codec, `${site}/operator`, Math.floor(Date.now() / 1_000));
  let left = false;
  const waiting = new Map<string, (status: LabelStatus | null) => void>();
  await mqtt.subscribe(topicName(site, node, 'label/ack'), (_topic, payload) => {
    const opened = openEnvelope(codec, LABEL_ACK, payload);
    if (opened.ok) waiting.get(opened.value.body.window)?.(opened.value.body.status);
  });

  const attempt = (window: string, label: string): Promise<LabelStatus | null> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => finish(null), ANSWER_MS_MAX);
      const finish = (status: LabelStatus | null): void => {
        clearTimeout(timer);
        waiting.delete(window);
        resolve(status);
      };
      waiting.set(window, finish);
      const payload = writer.write(LABEL, { window, label, by: 'operator' }, Date.now());
      mqtt.publish({ topic: topicName(site, node, 'label'), payload, qos: 1, retain: false });
    });

  return {
    label: async (window, label) => {
      for (let tries = 0; tries < ATTEMPTS_MAX && !left; tries++) {
        const status = await attempt(window, label);
        if (status !== null && status !== 'busy') return status;
        if (!left) await pause(ATTEMPT_PAUSE_MS);
      }
      if (left) return null;
      throw new NodeError('labelUnanswered', `${site}/${node} did not take the label for ${window}; is it running?`);
    },
    close: () => {
      left = true;
      for (const finish of [...waiting.values()]) finish(null);
      return mqtt.close();
    },
  };
};
