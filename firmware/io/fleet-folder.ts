import { join } from 'node:path';
import { readRootKey } from './broker-files.ts';
import { readBounded } from './files.ts';
import { IDENTITY_FILES } from './identity-folder.ts';
import type { PublicKey } from './keys.ts';

const ENROLMENT_BYTES_MAX = 16_384;

/** Where a node keeps its identity unless told otherwise. @param directory of its state */
export const identityFolder = (directory: string): string => join(directory, 'identity');

/**
 * What the operator gave a node: the key that proves whatever the operator signs, and the node's own enrolment.
 *
 * @throws NodeError of `readRootKey`; `fileNotFound`, `fileUnreadable`, `fileTooLarge`
 */
export const readFleetFolder = async (folder: string): Promise<{ root: PublicKey; enrolment: Uint8Array }> => {
  const root = await readRootKey(join(folder, IDENTITY_FILES.root));
  const path = join(folder, IDENTITY_FILES.enrolment);
  return { root, enrolment: await readBounded(path, 'enrolment', ENROLMENT_BYTES_MAX) };
};
