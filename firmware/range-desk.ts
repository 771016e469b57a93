import type { Codec } from '../protocols/codec.ts';
import type { EnvelopeWriter } from '../protocols/envelope.ts';
import type { LabelStatus } from '../protocols/messages/label-ack.ts';
import { LABEL_RANGE_ACK, type LabelRangeAckBody } from '../protocols/messages/label-range-ack.ts';
import { topicName } from '../protocols/topics.ts';
import type { Clock } from './io/clock.ts';
import type { MqttPort } from './io/mqtt.ts';
import type { DecidedWindows } from './machines/decided-windows.ts';
import { type RangeEffect, RangeLabels, type RangeRequest } from './machines/range-labels.ts';
import { readRange, refusal } from './machines/range-reader.ts';

export interface RangeDeskPorts {
  readonly site: string;
  readonly node: string;
  readonly codec: Codec;
  readonly writer: EnvelopeWriter;
  readonly classes: readonly string[];
  readonly windows: DecidedWindows;
  readonly mqtt: Pick<MqttPort, 'publish'>;
  readonly clock: Clock;
  /** Hands the label machine a message as if it had come over the wire. */
  readonly label: (payload: Uint8Array, now: number) => void;
}

/** Does what the range machine wants done: labels for stretches of time, from operators and from rules. */
export interface RangeDesk {
  /** A message on the topic of labels for stretches of time. */
  received(payload: Uint8Array): void;
  /** A rule's label; nobody is answered. False when there are too many already. */
  add(request: RangeRequest): boolean;
  /** What became of any label. */
  answered(window: string, status: LabelStatus): void;
  /** About once a second. */
  tick(): void;
}

const encoder = new TextEncoder();

export const createRangeDesk = (ports: RangeDeskPorts): RangeDesk => {
  const { site, node, codec, writer, classes, windows, mqtt, clock } = ports;
  const machine = new RangeLabels({ epoch: writer.epoch, windows });
  const topic = topicName(site, node, 'label/range/ack');
  const answer = (ack: LabelRangeAckBody): void => {
    const payload = writer.write(LABEL_RANGE_ACK, ack, clock.unixMs());
    mqtt.publish({ topic, payload, qos: 1, retain: false });
  };
  // The label machine may answer while it is being asked: effects wait their turn, or a thousand would nest.
  const queue: RangeEffect[] = [];
  let running = false;
  const run = (effects: readonly RangeEffect[]): void => {
    queue.push(...effects);
    if (running) return;
    running = true;
    for (let effect = queue.shift(); effect !== undefined; effect = queue.shift()) {
      if (effect.kind === 'label') ports.label(labelOf(effect), clock.monotonicMs());
      else if (effect.request.awaited) answer(effect.ack);
    }
    running = false;
  };
  return {
    received: (payload) => {
      const now = clock.monotonicMs();
      const reading = readRange(codec, classes, payload, { monotonicMs: now, unixMs: clock.unixMs() });
      if (!reading.ok) answer(reading.ack);
      else if (!machine.add(reading.request, now)) {
        answer(refusal(reading.request.id, 'busy', 'too many at once; send it again'));
      } else run(machine.tick(now));
    },
    add: (request) => machine.add(request, clock.monotonicMs()),
    answered: (window, status) => run(machine.answered(window, status, clock.monotonicMs())),
    tick: () => run(machine.tick(clock.monotonicMs())),
  };
};

const labelOf = ({ window, label, by }: Extract<RangeEffect, { kind: 'label' }>): Uint8Array =>
  encoder.encode(JSON.stringify(by === '' ? { window, label } : { window, label, by }));
