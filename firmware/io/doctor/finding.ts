import { errorMessage } from '../../errors.ts';

/** `warn`: works today and bites later. `fail`: does not work. */
export type Verdict = 'ok' | 'warn' | 'fail';

/** One thing the doctor looked at. The text of what is not ok says how to mend it. */
export interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  readonly text: string;
}

export const finding = (check: string, verdict: Verdict, text: string): Finding => ({ check, verdict, text });

/** What was thrown, as a failed check. */
export const failed = (check: string, error: unknown): Finding =>
  finding(check, 'fail', errorMessage(error).replace(/\s*\n\s*/g, '; '));
