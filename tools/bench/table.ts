import { readFileSync, writeFileSync } from 'node:fs';
import { type Contest, OURS } from './contest.ts';
import type { MicroLoraRow } from './micro-lora.ts';

const BEGIN = '<!-- bench:engine -->';
const END = '<!-- /bench:engine -->';

/** One row per model, one column per runtime; ours against the fastest peer at the end. */
export function contestTable(contests: readonly Contest[]): string[] {
  const peers = contests[0]!.rows.map(({ peer }) => peer);
  const head = ['model', ...peers, 'ours / fastest peer', 'equal to ours in every bit'];
  return markdown(
    head,
    contests.map(({ model, rows }) => {
      const mine = rows.find(({ peer }) => peer === OURS)!.us;
      const others = rows.flatMap(({ peer, us }) => (peer === OURS || us === null ? [] : [us]));
      const ratio = mine === null || others.length === 0 ? '' : (mine / Math.min(...others)).toFixed(2);
      const equal = rows.filter(({ peer, identical }) => peer !== OURS && identical === true).map(({ peer }) => peer);
      return [model, ...rows.map(({ us }) => (us === null ? 'refused' : digits(us))), ratio, equal.join(', ')];
    }),
  );
}

/** Why models were refused, a line each. */
export function refusals(contests: readonly Contest[]): string[] {
  return contests.flatMap(({ model, rows }) =>
    rows.flatMap(({ peer, refusal }) => (refusal === '' ? [] : [`${peer} refuses ${model}: ${refusal.slice(0, 160)}`])),
  );
}

/** One row per rank, one column per way to compute. */
export function microLoraTable(rows: readonly MicroLoraRow[]): string[] {
  const names = [...new Set(rows.map(({ name }) => name))];
  const ranks = [...new Set(rows.map(({ rank }) => rank))];
  const cells = ranks.map((rank) => {
    const [first] = rows.filter((row) => row.rank === rank);
    const found = names.map((name) => rows.find((row) => row.rank === rank && row.name === name)!.ns);
    return [String(rank), ...found.map((ns) => `${digits(ns)} (${share(ns / first!.ns)})`)];
  });
  return markdown(['rank', ...names.map((name) => `${name}, ns a vector`)], cells);
}

/** Replaces what stands between the marks of a document; appends both when they are not there yet. */
export function writeSection(path: string, lines: readonly string[]): void {
  const text = readFileSync(path, 'utf8');
  const section = [BEGIN, ...lines, END].join('\n');
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  const whole =
    from < 0 || to < from
      ? `${text.trimEnd()}\n\n${section}\n`
      : text.slice(0, from) + section + text.slice(to + END.length);
  writeFileSync(path, whole);
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)];
}

/** Two digits behind the point, and two that count where the share is small. */
function share(value: number): string {
  return value < 0.1 ? value.toPrecision(2) : value.toFixed(2);
}

function digits(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
