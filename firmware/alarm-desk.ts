import type { Codec } from '../protocols/codec.ts';
import type { EnvelopeWriter } from '../protocols/envelope.ts';
import { LIMITS } from '../protocols/limits.ts';
import { readMessage } from '../protocols/message-reader.ts';
import { ALARM } from '../protocols/messages/alarm.ts';
import { ALARM_ACKNOWLEDGE } from '../protocols/messages/alarm-acknowledge.ts';
import { topicName } from '../protocols/topics.ts';
import type { Alarm } from './configuration/alarms.ts';
import { errorMessage, NodeError } from './errors.ts';
import type { AlarmFile } from './io/alarm-file.ts';
import type { Clock } from './io/clock.ts';
import type { MqttPort } from './io/mqtt.ts';
import { type AlarmViews, type Answers, createAlarmSet } from './machines/alarms.ts';
import { alarmsJson, encodeJson } from './views/json.ts';
import type { ViewPart } from './views/part.ts';
import type { Vitals } from './vitals.ts';
import { within } from './within.ts';

/** An alarm is said at once, and one that flickers once a second. */
const SAY_MS_MIN = 1_000;
/** A file of 100 bytes costs some 8 KB of SD card with its journal: 12 MB a day at the very worst. */
const SAVE_MS_MIN = 60_000;

/** At the end, a disk that is busy does not hold up what is closed after: the write goes on meanwhile. */
const LAST_SAVE_MS_MAX = 500;

export interface AlarmDeskPorts {
  readonly site: string;
  readonly node: string;
  readonly alarms: readonly Alarm[];
  /** Of the model. */
  readonly answers: Answers;
  readonly codec: Codec;
  readonly writer: EnvelopeWriter;
  readonly mqtt: Pick<MqttPort, 'publish' | 'subscribe' | 'onConnect'>;
  readonly clock: Clock;
  readonly file: AlarmFile;
  readonly vitals: Pick<Vitals, 'count' | 'set' | 'trouble' | 'well'>;
  readonly notice: (text: string) => void;
}

/** Does what the alarms want done: says them, keeps them over a restart, and hears that someone has seen them. */
export interface AlarmDesk extends ViewPart {
  /** A message on the topic of acknowledgements. */
  acknowledge(payload: Uint8Array): void;
  readonly views: AlarmViews;
}

/** @throws NodeError `badConfiguration` when an alarm is about what the model does not answer */
export const openAlarmDesk = async (ports: AlarmDeskPorts): Promise<AlarmDesk> => {
  const { site, node, alarms, answers, mqtt, writer, clock, file, vitals } = ports;
  checkAnswers(alarms, answers);
  if (alarms.length === 0) return { acknowledge: () => {}, views: {} };
  const set = createAlarmSet(alarms, answers, await file.load());
  const saver = createSaver(() => file.save(set.views), vitals);
  let saidMs = Number.NEGATIVE_INFINITY;
  let unsaid = false;
  const say = (): void => {
    const [unixMs, { views }] = [clock.unixMs(), set];
    const payload = writer.write(ALARM, { alarms: { ...views } }, unixMs);
    mqtt.publish({ topic: topicName(site, node, 'alarm'), payload, qos: 1, retain: true });
    const json = encodeJson(alarmsJson({ site, node }, views, unixMs));
    mqtt.publish({ topic: topicName(site, node, 'alarm/json'), payload: json, qos: 1, retain: true });
    unsaid = false;
  };
  const sayLimited = (now: number): void => {
    if (!unsaid || now - saidMs < SAY_MS_MIN) return;
    saidMs = now;
    say();
  };
  const run = (changed: readonly string[]): void => {
    if (changed.length === 0) return;
    saver.changed();
    unsaid = true;
    sayLimited(clock.monotonicMs());
    for (const name of changed) {
      const { state, acknowledged } = set.views[name]!;
      ports.notice(`alarm ${name}: ${state}${acknowledged ? ', acknowledged' : ''}`);
      if (state === 'raised' && !acknowledged) vitals.count('alarmsRaised');
    }
  };
  mqtt.onConnect(say);
  return {
    get views() {
      return set.views;
    },
    decided: (decision, now) => run(set.decided(decision, now, clock.unixMs())),
    tick: ({ health }, now) => {
      run(set.health(Object.keys(health), now, clock.unixMs()));
      sayLimited(now);
      saver.tick(now);
    },
    acknowledge: (payload) => {
      const reading = readMessage(ports.codec, ALARM_ACKNOWLEDGE, payload, LIMITS.labelBytesMax);
      if (reading.ok) run(set.acknowledge(reading.value.alarm, clock.unixMs()));
      else vitals.count('alarmAcknowledgementsRefused');
    },
    close: () => {
      if (unsaid) say();
      return within(saver.close(), LAST_SAVE_MS_MAX).then(() => {});
    },
  };
};

/** One write at a time, at the next tick after a change; an alarm that flickers costs one a minute. */
const createSaver = (save: () => Promise<void>, vitals: Pick<Vitals, 'trouble' | 'well'>) => {
  let changed = false;
  let savedMs = Number.NEGATIVE_INFINITY;
  let saving: Promise<void> | null = null;
  const write = async (): Promise<void> => {
    changed = false;
    try {
      await save();
      vitals.well('alarms');
    } catch (error) {
      changed = true;
      vitals.trouble('alarms', `alarms would not outlive a restart: ${errorMessage(error)}`);
    }
    saving = null;
  };
  return {
    changed: (): void => {
      changed = true;
    },
    /** @param now monotonic ms */
    tick: (now: number): void => {
      if (!changed || saving !== null || now - savedMs < SAVE_MS_MIN) return;
      savedMs = now;
      saving = write();
    },
    close: async (): Promise<void> => {
      await saving;
      if (changed) await write();
    },
  };
};

const checkAnswers = (alarms: readonly Alarm[], { classes, outputs }: Answers): void => {
  for (const [at, alarm] of alarms.entries()) {
    const fault = faultFor(alarm, classes, outputs);
    if (fault !== null) throw new NodeError('badConfiguration', `/alarms/${at}${fault}`);
  }
};

const faultFor = (alarm: Alarm, classes: readonly string[], outputs: readonly string[]): string | null => {
  if (alarm.on === 'value') {
    if (outputs.includes(alarm.output)) return null;
    return `/output: the model gives no "${alarm.output}"; it gives ${outputs.join(', ') || 'classes, not values'}`;
  }
  if (alarm.on === 'confidence' && classes.length === 0) return '/on: a model that gives values has no confidence';
  const stray = alarm.on === 'class' ? alarm.classes.find((name) => !classes.includes(name)) : undefined;
  if (stray === undefined) return null;
  return `/classes: the model has no "${stray}"; it knows ${classes.join(', ') || 'values, not classes'}`;
};
