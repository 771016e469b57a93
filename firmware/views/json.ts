import type { DecisionBody } from '../../protocols/messages/decision.ts';
import type { AlarmViews } from '../machines/alarms.ts';
import type { NodeStatus } from '../status.ts';

/** Who speaks; repeated in every object, so that a flow that reads many gateways needs no topic. */
export interface Speaker {
  readonly site: string;
  readonly node: string;
}

/** Float32 fractions would print with noise in the ninth digit. */
const rounded = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;

const encoder = new TextEncoder();

export const encodeJson = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value, rounded));

/** A decision for readers without our code. @param unixMs as the gateway believes it */
export const decisionJson = (from: Speaker, body: DecisionBody, unixMs: number): object => ({
  ...{ site: from.site, node: from.node, time: new Date(unixMs).toISOString() },
  ...body,
});

/** What a dashboard shows of a gateway, all in one retained object. */
export interface StateFacts {
  readonly version: string;
  readonly board: string;
  readonly model: string;
  /** Id of the window decided last, null before the first. */
  readonly window: string | null;
}

/** The alarms, and the names of those that a person should look at. */
export const alarmsJson = (from: Speaker, alarms: AlarmViews, unixMs: number): object => ({
  ...{ site: from.site, node: from.node, time: new Date(unixMs).toISOString() },
  raised: Object.keys(alarms).filter((name) => alarms[name]!.state !== 'clear'),
  alarms: shown(alarms),
});

/** Times as people write them; null for an alarm that was never raised. */
const shown = (alarms: AlarmViews): object =>
  Object.fromEntries(
    Object.entries(alarms).map(([name, { since, ...rest }]) => [
      name,
      { ...rest, since: since === 0 ? null : new Date(since).toISOString() },
    ]),
  );

export const stateJson = (
  from: Speaker,
  facts: StateFacts,
  status: NodeStatus,
  alarms: AlarmViews,
  unixMs: number,
): object => {
  const { decision, drift, labels, windows, dropped, invalid, latencyUs, rssBytes, uptimeMs } = status;
  const { accuracy = null } = status.experts.mixture ?? {};
  return {
    ...{ site: from.site, node: from.node, time: new Date(unixMs).toISOString(), ...facts },
    decision,
    // Of a window that could not be judged there is none.
    confidence: decision === null ? null : status.confidence,
    ...(status.values === undefined ? {} : { values: status.values }),
    ...(status.score === undefined ? {} : { score: status.score, threshold: status.threshold }),
    drift,
    health: Object.keys(status.health).length === 0 ? 'ok' : 'problem',
    troubles: status.health,
    alarms: shown(alarms),
    ...{ labels, accuracy, windows, dropped, invalid, latencyUs, rssBytes, uptimeMs },
    workerRestarts: status.workerRestarts,
  };
};
