import { join } from 'node:path';
import type { RemoteBroker } from '../configuration/broker.ts';
import { readRootKey } from './broker-files.ts';
import { readBounded } from './files.ts';
import { IDENTITY_FILES } from './identity-folder.ts';
import type { PublicKey } from './keys.ts';

const ENROLMENT_BYTES_MAX = 16_384;

/** Where a node keeps its identity unless told otherwise. @param directory of its state */
export const identityFolder = (directory: string): string => join(directory, 'identity');

/** Where a bridge keeps what it knows of a further site. @param directory of its state */
export const siteFolder = (directory: string, site: string): string => join(directory, 'sites', site);

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

/**
 * A broker that asks who comes is shown the certificate in a fleet's folder, and trusted by the authority there; unless
 * the configuration itself says how to get in.
 */
export const withFleetFiles = (broker: RemoteBroker, folder: string | undefined): RemoteBroker => {
  const { url, caFile, certFile, username } = broker;
  const isSaid = (caFile ?? certFile ?? username) !== undefined;
  if (folder === undefined || isSaid || !/^(mqtts|wss):/.test(url)) return broker;
  const { authority, certificate, tlsKey } = IDENTITY_FILES;
  const at = (file: string): string => join(folder, file);
  return { ...broker, caFile: at(authority), certFile: at(certificate), keyFile: at(tlsKey) };
};
