import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

/** Where systemd puts what `LoadCredential=` names, for the service alone (systemd.exec(5), "Credentials"). */
const credentials = (): string | undefined => process.env.CREDENTIALS_DIRECTORY;

/**
 * Where a file with a secret lies: a path that is not absolute is looked for among systemd's credentials first, so that
 * one configuration serves the service and a start by hand.
 */
export const secretPath = (path: string): string => {
  const folder = credentials();
  if (folder === undefined || isAbsolute(path)) return path;
  const handedOver = join(folder, path);
  return existsSync(handedOver) ? handedOver : path;
};
