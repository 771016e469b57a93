import type { Envelope } from '../../protocols/envelope.ts';
import type { DecisionBody } from '../../protocols/messages/decision.ts';

/**
 * One decision on one line for a person: who, which window, what, how sure; then the experts that count, heaviest
 * first. Names come over the network, so control characters, which could drive the terminal, are shown as `·`.
 */
export function printDecision({ sender, body }: Envelope<DecisionBody>): string {
  const opinion = body.label === null ? 'too many samples missing' : `${body.label} ${percent(body.confidence)}`;
  const experts = Object.entries(body.experts)
    .sort(([, a], [, b]) => b.weight - a.weight)
    .map(
      ([name, expert]) => `${name} ${expert.label} ${percent(expert.confidence)} (weight ${expert.weight.toFixed(2)})`,
    );
  const line = [
    `${sender} ${body.window}`,
    opinion,
    ...experts,
    `drift ${body.drift.toFixed(2)}`,
    `${body.latencyUs} µs`,
  ];
  return visible(line.join(' | '));
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

/** Text with everything but visible characters and spaces made harmless (C0, DEL, C1, bidirectional controls). */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '·');
}
