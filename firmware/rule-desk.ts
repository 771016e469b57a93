import type { Codec } from '../protocols/codec.ts';
import type { Rule } from './configuration/rules.ts';
import { errorMessage, NodeError } from './errors.ts';
import type { Clock } from './io/clock.ts';
import type { MessageHandler, MqttPort } from './io/mqtt.ts';
import { createRule, type RuleMachine } from './machines/rule.ts';
import type { RangeDesk } from './range-desk.ts';
import type { Vitals } from './vitals.ts';

export interface RuleDeskPorts {
  readonly rules: readonly Rule[];
  readonly classes: readonly string[];
  readonly mqtt: Pick<MqttPort, 'subscribe'>;
  readonly ranges: Pick<RangeDesk, 'add'>;
  readonly vitals: Pick<Vitals, 'count' | 'trouble' | 'well'>;
  readonly clock: Clock;
  readonly codec: Codec;
}

/**
 * Listens for what the rules wait for. Rules with one topic share its subscription.
 *
 * @throws NodeError `badConfiguration` when a rule gives a label that the model does not know
 */
export const openRuleDesk = ({ rules, classes, mqtt, ranges, vitals, clock, codec }: RuleDeskPorts): (() => void) => {
  const stray = rules.findIndex(({ label }) => !classes.includes(label));
  if (stray >= 0) {
    const known = classes.join(', ');
    throw new NodeError(
      'badConfiguration',
      `/rules/${stray}/label: the model has no "${rules[stray]!.label}"; it knows ${known}`,
    );
  }
  const received = (name: string, machine: RuleMachine, payload: Uint8Array, retained: boolean): void => {
    const now = { monotonicMs: clock.monotonicMs(), unixMs: clock.unixMs() };
    const result = machine.received(payload, retained, now);
    if (result.kind === 'unreadable') {
      vitals.count('rulesUnreadable');
      vitals.trouble(`rule.${name}`, `rule ${name} cannot read its value or time; check read, timestamp and the topic`);
      return;
    }
    vitals.well(`rule.${name}`);
    if (result.kind !== 'label') return;
    vitals.count(ranges.add(result.request) ? 'rulesApplied' : 'rulesDropped');
  };
  return () => {
    for (const topic of new Set(rules.map((rule) => rule.topic))) {
      const waiting = rules
        .filter((rule) => rule.topic === topic)
        .map((rule) => [rule.name, createRule(rule, codec)] as const);
      const hear: MessageHandler = (_topic, payload, { retained }) => {
        for (const [name, machine] of waiting) received(name, machine, payload, retained);
      };
      // Confirmed at the first connection; renewed at every one.
      mqtt.subscribe(topic, hear, { absolute: true }).catch((error: unknown) => {
        vitals.trouble(`rule.${waiting[0]![0]}`, `the broker refuses ${topic} to the rules: ${errorMessage(error)}`);
      });
    }
  };
};
