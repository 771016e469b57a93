import type { ModelCard } from '../../protocols/model-card.ts';
import { topicName } from '../../protocols/topics.ts';
import { formatWindowId } from '../../protocols/window-id.ts';
import type { Clock } from '../io/clock.ts';
import type { MqttPort } from '../io/mqtt.ts';
import type { AlarmViews } from '../machines/alarms.ts';
import { type DecisionRecord, decisionBody } from '../machines/publisher.ts';
import { createRateLimit } from '../machines/rate-limit.ts';
import type { NodeStatus } from '../status.ts';
import { decisionJson, encodeJson, type Speaker, type StateFacts, stateJson } from './json.ts';

/** The state is sent this often, and within a second when what it says in words has changed. */
const STATE_MS = 5_000;

export interface MirrorOptions {
  readonly speaker: Speaker;
  readonly about: Omit<StateFacts, 'window'>;
  readonly epoch: number;
  readonly card: ModelCard;
  readonly experts: readonly string[];
  /** 0: no decisions, the state alone. */
  readonly decisionsPerSecond: number;
  readonly mqtt: Pick<MqttPort, 'publish'>;
  readonly clock: Clock;
  readonly alarms: () => AlarmViews;
}

/** The same as in CBOR, in JSON, for whoever has none of our code. */
export interface Mirror {
  /** @param now monotonic ms */
  decided(record: DecisionRecord, now: number): void;
  /** About once a second. @param now monotonic ms */
  tick(status: NodeStatus, now: number): void;
}

export const createMirror = (options: MirrorOptions): Mirror => {
  const { speaker, about, epoch, card, experts, mqtt, clock } = options;
  const topic = topicName(speaker.site, speaker.node, 'decision/json');
  const stateTopic = topicName(speaker.site, speaker.node, 'state/json');
  const limit = createRateLimit(options.decisionsPerSecond);
  let window: string | null = null;
  let said = '';
  let stateAtMs = Number.NEGATIVE_INFINITY;
  return {
    decided: (record, now) => {
      window = formatWindowId(epoch, record.index);
      if (!limit.allows(now)) return;
      const payload = encodeJson(decisionJson(speaker, decisionBody(record, epoch, card, experts), clock.unixMs()));
      mqtt.publish({ topic, payload, qos: 0, retain: false });
    },
    tick: (status, now) => {
      const alarms = options.alarms();
      const words = JSON.stringify([status.decision, status.health, alarms]);
      if (words === said && now - stateAtMs < STATE_MS) return;
      const payload = encodeJson(stateJson(speaker, { ...about, window }, status, alarms, clock.unixMs()));
      // Dropped while the broker is away (QoS 0) and then due again, as nothing was said.
      if (!mqtt.publish({ topic: stateTopic, payload, qos: 0, retain: true })) return;
      said = words;
      stateAtMs = now;
    },
  };
};
