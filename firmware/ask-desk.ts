import type { EnvelopeWriter } from '../protocols/envelope.ts';
import { LIMITS } from '../protocols/limits.ts';
import { ASK, type AskBody } from '../protocols/messages/ask.ts';
import type { LabelStatus } from '../protocols/messages/label-ack.ts';
import { topicName } from '../protocols/topics.ts';
import { formatWindowId } from '../protocols/window-id.ts';
import type { Clock } from './io/clock.ts';
import type { MqttPort } from './io/mqtt.ts';
import { encodeJson } from './views/json.ts';
import type { ViewPart } from './views/part.ts';
import type { Vitals } from './vitals.ts';

/** After these, a window's label is known or can not be learned any more. */
const ENDS: readonly LabelStatus[] = ['stored', 'duplicate', 'conflict', 'unknownWindow'];

export interface AskDeskPorts {
  readonly site: string;
  readonly node: string;
  readonly classes: readonly string[];
  readonly writer: EnvelopeWriter;
  readonly mqtt: Pick<MqttPort, 'publish' | 'onConnect'>;
  readonly clock: Clock;
  readonly vitals: Pick<Vitals, 'count' | 'set'>;
}

/** Tells people which windows' labels would teach most, as one retained list of open questions. */
export interface AskDesk extends ViewPart {
  /** A label of a window was taken, or can not be taken any more. */
  answered(window: string, status: LabelStatus): void;
}

/** What the compute worker asked about, it keeps as long as this list does: the latest questions, as many as fit. */
export const openAskDesk = ({ site, node, classes, writer, mqtt, clock, vitals }: AskDeskPorts): AskDesk => {
  let questions: AskBody['windows'] = [];
  let unsaid = false;
  /** Questions asked before the present worker began are lost with the one before. */
  let restarts = 0;
  const say = (): void => {
    const unixMs = clock.unixMs();
    const payload = writer.write(ASK, { windows: questions }, unixMs);
    mqtt.publish({ topic: topicName(site, node, 'ask'), payload, qos: 1, retain: true });
    const json = encodeJson({ site, node, time: new Date(unixMs).toISOString(), windows: questions.map(inWords) });
    mqtt.publish({ topic: topicName(site, node, 'ask/json'), payload: json, qos: 1, retain: true });
    unsaid = false;
  };
  const change = (next: AskBody['windows']): void => {
    if (next.length === questions.length && next.every(({ window }, at) => window === questions[at]!.window)) return;
    questions = next;
    unsaid = true;
    vitals.set('asksOpen', questions.length);
  };
  // A broker that was away, or holds the list of an earlier run, hears the present one.
  mqtt.onConnect(say);
  return {
    decided: ({ asked, index, label, confidence, labelValue }) => {
      if (!asked) return;
      const window = formatWindowId(writer.epoch, index);
      const question = { window, time: clock.unixMs(), label: classes[label]!, confidence, value: labelValue };
      vitals.count('asks');
      change([...questions, question].slice(-LIMITS.asksMax));
    },
    answered: (window, status) => {
      if (!ENDS.includes(status)) return;
      change(questions.filter((question) => question.window !== window));
    },
    tick: ({ workerRestarts }) => {
      if (workerRestarts !== restarts) {
        restarts = workerRestarts;
        change([]);
      }
      if (unsaid) say();
    },
  };
};

const inWords = ({ time, ...rest }: AskBody['windows'][number]): object => ({
  ...rest,
  time: new Date(time).toISOString(),
});
