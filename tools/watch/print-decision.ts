import type { Envelope } from '../../protocols/envelope.ts';
import type { AskBody } from '../../protocols/messages/ask.ts';
import type { DecisionBody } from '../../protocols/messages/decision.ts';

/**
 * One decision on one line for a person: who, which window, what, how sure; then the experts that count, heaviest
 * first. Names come over the network, so control characters, which could drive the terminal, are shown as `·`.
 */
export function printDecision({ sender, body }: Envelope<DecisionBody>): string {
  const experts = Object.entries(body.experts)
    .sort(([, a], [, b]) => b.weight - a.weight)
    .map(([name, { label, confidence, weight }]) => {
      const said = label === null ? '' : `${label} ${percent(confidence)} `;
      return `${name} ${said}(weight ${weight.toFixed(2)})`;
    });
  const line = [
    `${sender} ${body.window}`,
    opinion(body),
    ...experts,
    `drift ${body.drift.toFixed(2)}`,
    `${body.latencyUs} µs`,
    ...(body.ask === undefined ? [] : [`label wanted (${percent(body.ask)} to learn)`]),
  ];
  return visible(line.join(' | '));
}

/** The open questions of a gateway, one on a line, with how to answer. */
export function printQuestions({ sender, body }: Envelope<AskBody>): string {
  if (body.windows.length === 0) return visible(`${sender} asks nothing`);
  const lines = body.windows.map(({ window, time, label, confidence, value }) =>
    [
      `${sender} asks about ${window} of ${new Date(time).toISOString()}`,
      `decided ${label} ${percent(confidence)}`,
      `${percent(value)} to learn`,
    ].join(' | '),
  );
  return lines.map(visible).join('\n');
}

/** What was decided, in the words of the model's task. */
function opinion({ label, confidence, values, score, threshold }: DecisionBody): string {
  if (values !== undefined) {
    return Object.entries(values)
      .map(([name, value]) => `${name} ${digits(value)}`)
      .join(', ');
  }
  if (label === null) return 'too many samples missing';
  if (score === undefined || threshold === undefined) return `${label} ${percent(confidence)}`;
  return `${label} ${percent(confidence)} (score ${digits(score)}, threshold ${digits(threshold)})`;
}

/** Four digits that count are more than an int8 model knows. */
function digits(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

/** Text with everything but visible characters and spaces made harmless (C0, DEL, C1, bidirectional controls). */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '·');
}
