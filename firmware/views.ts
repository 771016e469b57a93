import { createCodec } from '../protocols/codec.ts';
import type { LabelAckBody } from '../protocols/messages/label-ack.ts';
import type { ModelCard } from '../protocols/model-card.ts';
import { topicName } from '../protocols/topics.ts';
import { viewSettings } from './configuration/views.ts';
import type { Configuration } from './configuration.ts';
import type { BrokerEndpoint } from './io/broker-endpoint.ts';
import type { Clock } from './io/clock.ts';
import type { Link } from './link.ts';
import { createDecidedWindows } from './machines/decided-windows.ts';
import { createRangeDesk } from './range-desk.ts';
import type { NodeStatus } from './status.ts';
import { openOthers } from './views/others.ts';
import type { SeenDecision, ViewPart } from './views/part.ts';

const TICK_MS = 1_000;

export interface ViewsOptions {
  readonly configuration: Configuration;
  readonly plan: { readonly card: ModelCard; readonly experts: readonly string[]; readonly pendingWindows: number };
  readonly endpoint: BrokerEndpoint;
  readonly link: Link;
  readonly about: { readonly version: string; readonly board: string; readonly model: string };
  readonly clock: Clock;
}

/** What the node shows to others in their own formats, and what others know about its windows. */
export interface Views {
  /** @param now monotonic ms */
  decided(decision: SeenDecision, now: number): void;
  /** What became of a label is about to be said. */
  acknowledged(ack: LabelAckBody): void;
  /** Starts what is said without being asked, and what is heard. @param label a message for the label desk */
  begin(status: () => NodeStatus, label: (payload: Uint8Array, now: number) => void): void;
  close(): Promise<void>;
}

/** Opens the views that the configuration asks for. @throws NodeError `brokerUrl` */
export const openViews = async (options: ViewsOptions): Promise<Views> => {
  const { configuration, plan, link, clock } = options;
  const { site, node } = configuration;
  const { card } = plan;
  const windows = createDecidedWindows(plan.pendingWindows, (card.window - 1) * card.sampleIntervalMs);
  let label: (payload: Uint8Array, now: number) => void = () => {};
  const ranges = createRangeDesk({
    ...{ site, node, windows, mqtt: link.mqtt, writer: link.writer, classes: card.labels, clock },
    codec: createCodec(),
    label: (payload, now) => label(payload, now),
  });
  const parts: ViewPart[] = [
    { decided: ({ index, pushMs }) => windows.add(index, pushMs), tick: ranges.tick },
    await openOthers({ ...options, settings: viewSettings(configuration.views) }),
  ];
  let timer: NodeJS.Timeout | undefined;
  return {
    decided: (decision, now) => {
      for (const part of parts) part.decided?.(decision, now);
    },
    acknowledged: ({ window, status }) => ranges.answered(window, status),
    begin: (status, desk) => {
      label = desk;
      // Confirmed at the first connection; a refusal shows as requests that are never answered.
      link.mqtt
        .subscribe(topicName(site, node, 'label/range'), (_, payload) => ranges.received(payload))
        .catch(() => {});
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
