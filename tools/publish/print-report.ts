import { visible } from '../watch/print-decision.ts';
import type { PublishReport } from './publish.ts';

/** Names that one line shows. */
const NAMED_MAX = 8;

/** What a person sees while it goes on. */
export const printProgress = (has: number, waitingFor: readonly string[]): string => {
  return waitingFor.length === 0 ? `${has} have it` : `${has} have it, waiting for ${named(waitingFor)}`;
};

/** What a person sees at the end. */
export const printReport = (report: PublishReport): string => {
  const { topic, origin, sequence, bytes, members, delivered, missed, uncounted, absent, ms } = report;
  const said = [
    `${topic} ${sequence} of ${origin}: ${bytes} bytes, ${delivered} of ${members} have it after ${ms / 1_000} s`,
    ...(missed.length > 0 ? [`missed: ${named(missed)}`] : []),
    ...(uncounted > 0 ? [`of ${uncounted} more no relay knew: publish once again`] : []),
    ...(absent.length > 0 ? [`not there, and not waited for: ${named(absent)}`] : []),
  ];
  return visible(said.join('\n'));
};

const named = (names: readonly string[]): string => {
  const more = names.length - NAMED_MAX;
  return `${names.slice(0, NAMED_MAX).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};
