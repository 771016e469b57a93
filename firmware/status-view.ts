import type { NodeStatus } from './status.ts';

const BAR_CHARS = 20;
const NONE = '  --  ';

const percent = (share: number | null): string => (share === null ? NONE : `${(share * 100).toFixed(1).padStart(5)}%`);

const bar = (share: number): string => {
  const full = Math.round(Math.min(1, Math.max(0, share)) * BAR_CHARS);
  return '█'.repeat(full) + '·'.repeat(BAR_CHARS - full);
};

const time = (us: number): string => (us < 1_000 ? `${us} µs` : `${(us / 1_000).toFixed(1)} ms`);

const duration = (ms: number): string => {
  const seconds = Math.floor(ms / 1_000);
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  return minutes > 0 ? `${minutes} min ${rest} s` : `${rest} s`;
};

/** Four digits that count are more than an int8 model knows. */
const digits = (value: number): string => String(Number(value.toPrecision(4)));

/** What was decided last, in the words of the model's task. */
const decisionText = ({ decision, confidence, values, score, threshold }: NodeStatus): string => {
  if (values !== undefined) {
    return Object.entries(values)
      .map(([name, value]) => `${name} ${digits(value)}`)
      .join('  ');
  }
  if (decision === null) return 'not judged';
  const beyond =
    score === undefined || threshold === undefined ? '' : `  score ${digits(score)} of ${digits(threshold)}`;
  return `${decision}  ${percent(confidence).trim()}${beyond}`;
};

const expertRows = (status: NodeStatus): string[] =>
  Object.entries(status.experts).map(([name, { accuracy, secondHalf, weight }]) => {
    const share = name === 'mixture' ? '' : `   weight ${weight.toFixed(2)} ${bar(weight)}`;
    return `  ${name.padEnd(13)} right ${percent(accuracy)}   second half ${percent(secondHalf)}${share}`;
  });

const episodeText = ({ episode: { count, open, cause, began, ended, peak } }: NodeStatus): string => {
  if (count === 0) return '';
  const when = open ? `since window ${began}` : `from window ${began} to ${ended}`;
  return `  ${open ? 'DRIFTING' : 'at rest'}: episode ${count}, by ${cause}, ${when}, peak ${peak.toFixed(2)}`;
};

const rejectedText = ({ rejected }: NodeStatus): string => {
  const parts = Object.entries(rejected).map(([reason, count]) => `${count} ${reason}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
};

/** The live view: what a person wants to see while the node runs, a dozen lines at most. @param rate windows per s */
export const liveView = (status: NodeStatus, rate: number, url: string): string => {
  const { latencyUs, rssBytes } = status;
  return [
    `${status.node}  ${duration(status.uptimeMs)}  ${rate.toFixed(0)} windows/s  ${status.windows} windows  ${url}`,
    '',
    `  decision      ${decisionText(status)}`,
    `  drift         ${status.drift.toFixed(2)} ${bar(status.drift / 2)}${episodeText(status)}`,
    ...expertRows(status),
    `  labels        ${status.labels} learned${rejectedText(status)}`,
    `  latency       p50 ${time(latencyUs.p50)}   p99 ${time(latencyUs.p99)}   dropped ${status.dropped}`,
    `  memory        ${(rssBytes / 1e6).toFixed(0)} MB`,
    ...Object.values(status.health).map((trouble) => `  trouble       ${trouble}`),
  ].join('\n');
};

/** What a person reads when the run is over. */
export const summaryView = (status: NodeStatus): string => {
  const { windows, dropped, invalid, scored, latencyUs, rssBytes } = status;
  const lost = dropped + invalid === 0 ? '' : `, ${dropped} dropped, ${invalid} with too many samples missing`;
  const first = status.firstDecisionMs === null ? '' : `, the first ${status.firstDecisionMs} ms after start`;
  return [
    `${status.node} decided ${windows} windows in ${duration(status.uptimeMs)}${lost}${first}.`,
    scored > 0 ? `Right, of ${scored} windows whose truth is known:` : 'No window had a known truth.',
    ...(scored > 0 ? expertRows(status) : []),
    `Labels: ${status.labels} learned${rejectedText(status)}.`,
    `Latency p50 ${time(latencyUs.p50)}, p99 ${time(latencyUs.p99)}; memory ${(rssBytes / 1e6).toFixed(0)} MB.`,
  ].join('\n');
};
