import { errorCode, errorMessage } from '../../errors.ts';

/** What errno(3) calls it, in the words of strerror(3) that LevelDB passes on, or as Node's code; and what to do. */
const TROUBLES: readonly [RegExp, string][] = [
  [/No space left|ENOSPC/, 'the disk is full: free some space (df -h shows it, journalctl --vacuum-size=50M helps)'],
  [/Read-only file system|EROFS/, 'it is mounted read-only, as happens after disk errors: see dmesg, then remount it'],
  [/Permission denied|EACCES|EPERM/, 'this user may not write there: chown it to the user that runs the node'],
  [/File too large|EFBIG|quota|EDQUOT/, 'a limit on file size or a quota is reached: raise it (ulimit -f, quota)'],
  [/Input\/output error|EIO/, 'the disk fails: see dmesg, and replace the card while it can still be read'],
];

/** Why a directory could not be written or read, and what to do, in one line. */
export const diskTrouble = (error: unknown): string => {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const text = `${errorCode(cause)} ${errorMessage(cause)}`;
  const known = TROUBLES.find(([pattern]) => pattern.test(text));
  return known === undefined ? `${errorMessage(cause)}; check that it is a writable directory` : known[1];
};
