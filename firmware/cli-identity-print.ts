import { join } from 'node:path';
import { effectiveConfiguration } from './cli-settings.ts';
import { checkConfiguration } from './configuration.ts';
import { NodeError } from './errors.ts';
import { stateDirectory } from './io/files.ts';
import { openIdentityKeys } from './io/identity-folder.ts';

/** `myrmex identity [--config FILE | --folder DIRECTORY]`. @throws NodeError */
export const printIdentity = async (flags: { config?: string; folder?: string }): Promise<void> => {
  const folder = flags.folder ?? (await folderOf(flags.config));
  const { identity, request } = await openIdentityKeys(folder);
  const kid = Buffer.from(identity.publicKey.kid).toString('hex');
  process.stderr.write(`myrmex: ${folder} holds the keys of this gateway; compare "kid ${kid}" with the operator\n`);
  process.stdout.write(request);
};

const folderOf = async (config: string | undefined): Promise<string> => {
  if (config === undefined)
    throw new NodeError('badFlags', 'whose identity? name --folder, or --config of the gateway');
  const { value, source } = await effectiveConfiguration(config, process.env);
  const { site, node, state } = checkConfiguration(value, source);
  return join(state ?? stateDirectory(site, node), 'identity');
};
