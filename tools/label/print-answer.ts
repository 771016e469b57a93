import type { LabelAckBody } from '../../protocols/messages/label-ack.ts';
import type { LabelRangeAckBody } from '../../protocols/messages/label-range-ack.ts';
import { visible } from '../watch/print-decision.ts';

/**
 * Exit codes of `myrmexctl label`, a promise to scripts. 0: learned and on disk, now or before. 1 and 2 are those of
 * every command: nobody answered, or the command line was wrong.
 */
const EXIT_CODES: Readonly<Record<string, number>> = {
  ...{ stored: 0, duplicate: 0, done: 0 },
  conflict: 3,
  unknownWindow: 4,
  unknownClass: 5,
  busy: 6,
};

export const exitCodeOf = (ack: LabelAckBody | LabelRangeAckBody): number => {
  if ('windows' in ack && ack.status === 'done') {
    if (ack.refused > 0) return EXIT_CODES.busy!;
    return ack.conflict > 0 ? EXIT_CODES.conflict! : 0;
  }
  return EXIT_CODES[ack.status] ?? 1;
};

/** One line for a person. */
export const printAnswer = (ack: LabelAckBody | LabelRangeAckBody): string => {
  const why = ack.message === undefined ? '' : `: ${ack.message}`;
  if (!('windows' in ack)) return visible(`${ack.window} ${ack.status}${why}`);
  if (ack.status !== 'done') return visible(`${ack.status}${why}`);
  const { windows, stored, duplicate, conflict, refused } = ack;
  const ends = Object.entries({ stored, duplicate, conflict, refused }).filter(([, count]) => count > 0);
  return visible(`${windows} windows: ${ends.map(([name, count]) => `${count} ${name}`).join(', ')}${why}`);
};
