import { createCodec } from '../protocols/codec.ts';
import type { LabelAckBody } from '../protocols/messages/label-ack.ts';
import type { ModelCard } from '../protocols/model-card.ts';
import { type TopicKind, topicName } from '../protocols/topics.ts';
import { openAlarmDesk } from './alarm-desk.ts';
import { openAskDesk } from './ask-desk.ts';
import { viewSettings } from './configuration/views.ts';
import type { Configuration } from './configuration.ts';
import { openAlarmFile } from './io/alarm-file.ts';
import type { BrokerEndpoint } from './io/broker-endpoint.ts';
import type { Clock } from './io/clock.ts';
import type { Link } from './link.ts';
import type { Answers } from './machines/alarms.ts';
import { createDecidedWindows } from './machines/decided-windows.ts';
import { createRangeDesk } from './range-desk.ts';
import { openRuleDesk } from './rule-desk.ts';
import type { NodeStatus } from './status.ts';
import { openMetricsPage } from './views/metrics-page.ts';
import { openOthers } from './views/others.ts';
import type { SeenDecision, ViewPart } from './views/part.ts';
import type { Vitals } from './vitals.ts';

const TICK_MS = 1_000;

export interface ViewsOptions {
  readonly configuration: Configuration;
  readonly plan: { readonly card: ModelCard; readonly experts: readonly string[]; readonly pendingWindows: number };
  readonly endpoint: BrokerEndpoint;
  readonly link: Link;
  readonly about: { readonly version: string; readonly board: string; readonly model: string };
  readonly clock: Clock;
  readonly vitals: Vitals;
  /** Directory of the node's state. */
  readonly state: string;
  readonly notice: (text: string) => void;
}

/** What the node shows to others in their own formats, what it warns of, and what others know about its windows. */
export interface Views {
  /** @param now monotonic ms */
  decided(decision: SeenDecision, now: number): void;
  /** What became of a label is about to be said. */
  acknowledged(ack: LabelAckBody): void;
  /**
   * Starts what is said without being asked, and what is heard. @param label hands a message to the label desk
   *
   * @throws NodeError `portInUse` when metrics cannot be served
   */
  begin(status: () => NodeStatus, label: (payload: Uint8Array, now: number) => void): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens what the configuration asks for.
 *
 * @throws NodeError `badConfiguration` when an alarm or a rule names a class that the model does not know
 */
export const openViews = async (options: ViewsOptions): Promise<Views> => {
  const { configuration, plan, link, clock, vitals, notice } = options;
  const { site, node, alarms = [], rules = [] } = configuration;
  const { card } = plan;
  const { mqtt, writer } = link;
  const settings = viewSettings(configuration.views);
  const common = { site, node, classes: card.labels, codec: createCodec(), mqtt, writer, clock, vitals };
  const windows = createDecidedWindows(plan.pendingWindows, (card.window - 1) * card.sampleIntervalMs);
  let label: (payload: Uint8Array, now: number) => void = () => {};
  const ranges = createRangeDesk({ ...common, windows, label: (payload, now) => label(payload, now) });
  const listenToRules = openRuleDesk({ ...common, rules, ranges });
  const alarmDesk = await openAlarmDesk({
    ...common,
    answers: answersOf(card),
    alarms,
    file: openAlarmFile(options.state),
    notice,
  });
  const askDesk = card.task === 'classification' ? openAskDesk(common) : null;
  const parts: ViewPart[] = [
    { decided: ({ index, pushMs }) => windows.add(index, pushMs), tick: ranges.tick },
    alarmDesk,
    ...(askDesk === null ? [] : [askDesk]),
    await openOthers({ ...options, settings, alarms: () => alarmDesk.views }),
  ];
  const hear = (kind: TopicKind, handler: (payload: Uint8Array) => void): void => {
    // Confirmed at the first connection; a refusal shows as requests that are never answered.
    mqtt.subscribe(topicName(site, node, kind), (_topic, payload) => handler(payload)).catch(() => {});
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    decided: (decision, now) => {
      for (const part of parts) part.decided?.(decision, now);
    },
    acknowledged: ({ window, status }) => {
      ranges.answered(window, status);
      askDesk?.answered(window, status);
    },
    begin: async (status, desk) => {
      label = desk;
      hear('label/range', ranges.received);
      if (alarms.length > 0) hear('alarm/acknowledge', alarmDesk.acknowledge);
      listenToRules();
      const { about } = options;
      const alarmsNow = () => alarmDesk.views;
      parts.push(await openMetricsPage({ settings, classes: card.labels, about, status, alarms: alarmsNow, notice }));
      timer = setInterval(() => {
        const [now, present] = [clock.monotonicMs(), status()];
        for (const part of parts) part.tick?.(present, now);
      }, TICK_MS);
    },
    close: async () => {
      clearInterval(timer);
      await Promise.all(parts.map((part) => part.close?.()));
    },
  };
};

const answersOf = (card: ModelCard): Answers => ({
  classes: card.labels,
  outputs: card.task === 'regression' ? card.outputs.map(({ name }) => name) : [],
});
