import type { EnvelopeWriter } from '../../protocols/envelope.ts';
import { DECISION, type DecisionBody } from '../../protocols/messages/decision.ts';
import { LABEL_ACK, type LabelAckBody } from '../../protocols/messages/label-ack.ts';
import { TELEMETRY, type TelemetryBody } from '../../protocols/messages/telemetry.ts';
import type { ModelCard } from '../../protocols/model-card.ts';
import { topicName } from '../../protocols/topics.ts';
import { formatWindowId } from '../../protocols/window-id.ts';
import { nameValues } from '../task-words.ts';
import type { OutgoingMessage } from './outgoing-message.ts';

/** A decision as the worker reports it: numbers only. Arrays are read before the call returns. */
export interface DecisionRecord {
  readonly index: number;
  readonly endMs: number;
  /** False when too many samples were missing: then nothing below but `drift` and `latencyUs` means anything. */
  readonly valid: boolean;
  /** Class index; -1 for a model without classes. */
  readonly label: number;
  readonly confidence: number;
  /** [classes] of the mixture. */
  readonly probabilities: Float32Array;
  /** Of the mixture, as the card's task has them (`Decision.values`), and [experts × values]. */
  readonly values: Float32Array;
  readonly expertValues: Float32Array;
  /** Of an anomaly model, as they were in force (`Decision.thresholds`). */
  readonly thresholds: Float64Array;
  /** [experts] */
  readonly expertLabels: Int16Array;
  readonly expertConfidences: Float32Array;
  readonly weights: Float32Array;
  readonly drift: number;
  readonly latencyUs: number;
  /** How much its label would teach, and whether it is asked for. */
  readonly labelValue: number;
  readonly asked: boolean;
}

export interface PublisherOptions {
  readonly site: string;
  readonly node: string;
  readonly writer: EnvelopeWriter;
  /** Says what the numbers of a decision are called. */
  readonly card: ModelCard;
  /** Expert names in the mixture's order. */
  readonly experts: readonly string[];
}

/** Turns what the node knows into messages. @param unixMs advisory time of sending */
export interface Publisher {
  decision(record: DecisionRecord, unixMs: number): OutgoingMessage;
  acknowledgement(ack: LabelAckBody, unixMs: number): OutgoingMessage;
  telemetry(body: TelemetryBody, unixMs: number): OutgoingMessage;
}

export function createPublisher({ site, node, writer, card, experts }: PublisherOptions): Publisher {
  const decisionTopic = topicName(site, node, 'decision');
  const ackTopic = topicName(site, node, 'label/ack');
  const telemetryTopic = topicName(site, node, 'telemetry');
  return {
    // What somebody counts or acts on arrives at least once: QoS 1. A lost telemetry is made up for by the next.
    decision: (record, unixMs) => {
      const body = decisionBody(record, writer.epoch, card, experts);
      return { topic: decisionTopic, payload: writer.write(DECISION, body, unixMs), qos: 1, retain: false };
    },
    acknowledgement: (ack, unixMs) => {
      return { topic: ackTopic, payload: writer.write(LABEL_ACK, ack, unixMs), qos: 1, retain: false };
    },
    telemetry: (body, unixMs) => {
      return { topic: telemetryTopic, payload: writer.write(TELEMETRY, body, unixMs), qos: 0, retain: false };
    },
  };
}

/** A decision in words. @param epoch the node's boot counter */
export function decisionBody(
  record: DecisionRecord,
  epoch: number,
  card: ModelCard,
  experts: readonly string[],
): DecisionBody {
  const classes = card.labels;
  const common = {
    window: formatWindowId(epoch, record.index),
    endMs: whole(record.endMs),
    drift: finite(record.drift),
    latencyUs: whole(record.latencyUs),
  };
  if (!record.valid) return { ...common, label: null, confidence: 0, probabilities: {}, experts: {} };
  const probabilities: DecisionBody['probabilities'] = {};
  for (const [i, name] of classes.entries()) probabilities[name] = unit(record.probabilities[i]!);
  const opinions: DecisionBody['experts'] = {};
  for (const [i, name] of experts.entries()) {
    opinions[name] = {
      label: classes[record.expertLabels[i]!] ?? null,
      confidence: unit(record.expertConfidences[i]!),
      weight: unit(record.weights[i]!),
      ...(card.task === 'anomaly' ? { score: record.expertValues[i]! } : {}),
    };
  }
  const said = { label: classes[record.label] ?? null, confidence: unit(record.confidence), probabilities };
  const ask = record.asked ? { ask: unit(record.labelValue) } : {};
  return { ...common, ...said, experts: opinions, ...nameValues(card, record.values, record.thresholds), ...ask };
}

/** Sums of float32 probabilities may pass 1 by a rounding; the schema does not. */
function unit(value: number): number {
  return Math.min(1, Math.max(0, value));
}

function whole(value: number): number {
  return Math.max(0, Math.round(value));
}

/** A drift beyond float32's range says as much as its largest value. */
function finite(value: number): number {
  return Math.min(Math.max(0, value), 3.4e38);
}
