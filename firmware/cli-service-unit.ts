import { isAbsolute, resolve } from 'node:path';
import { effectiveConfiguration } from './cli-settings.ts';
import { secretFilesOf } from './configuration/secrets.ts';
import { checkConfiguration } from './configuration.ts';
import { serviceUnit, UNIT_STATE } from './service-unit.ts';

/** `myrmex service unit`. @throws NodeError of the configuration */
export const printUnit = async (path: string | undefined): Promise<void> => {
  const { value, source } = await effectiveConfiguration(path, {});
  const configuration = checkConfiguration(value, source);
  const { site, node, state } = configuration;
  const command = [process.execPath, resolve(process.argv[1] ?? 'myrmex')];
  const file = path === undefined ? null : resolve(path);
  const own = state === undefined || state === `/var/lib/${UNIT_STATE}`;
  const credentials = secretFilesOf(configuration).filter((name) => !isAbsolute(name));
  process.stdout.write(
    serviceUnit({
      ...{ name: `${site}/${node}`, command, configuration: file, credentials },
      state: own ? null : resolve(state),
    }),
  );
  const hidden = [...command, ...(file === null ? [] : [file])].filter((part) =>
    /^\/(home|root|run\/user)\//.test(part),
  );
  for (const part of hidden) {
    process.stderr.write(`myrmex: the service cannot see ${part} (ProtectHome=yes): install it below /opt or /etc\n`);
  }
};
