import { openBrokerStore } from '../../firmware/io/broker-store/open.ts';
import type { BrokerLimits } from '../../firmware/machines/broker-limits.ts';
import { createVitals, type Vitals } from '../../firmware/vitals.ts';

/** Wide enough for a test that is not about bounds. */
export const LIMITS: BrokerLimits = {
  connections: 64,
  packetBytes: 256 * 1024,
  sessions: 64,
  queueMessages: 10_000,
  queueBytes: 8 * 1024 * 1024,
  storedBytes: 32 * 1024 * 1024,
  retainedMessages: 4_096,
  retainedBytes: 8 * 1024 * 1024,
};

export interface Notices {
  readonly texts: string[];
  readonly vitals: Vitals;
}

export const listen = (): Notices => {
  const texts: string[] = [];
  return { texts, vitals: createVitals((text) => texts.push(text)) };
};

/** A store with everything that the embedded broker would give it. */
export const openAt = (
  directory: string,
  limits: Partial<BrokerLimits> = {},
  { texts, vitals }: Notices = listen(),
  extras: Partial<Parameters<typeof openBrokerStore>[0]> = {},
) =>
  openBrokerStore({
    ...{ directory, report: vitals, notice: (text: string) => texts.push(text) },
    limits: { ...LIMITS, ...limits },
    ...extras,
  });
