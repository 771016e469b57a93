import { effectiveConfiguration } from './cli-settings.ts';
import { masked } from './configuration/secrets.ts';
import { Configuration, checkConfiguration } from './configuration.ts';
import { stateDirectory } from './io/files.ts';

/** Draft 2020-12 is what TypeBox's schemas are written in. */
const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

const print = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
};

/** `myrmex config print`. @throws NodeError `badConfiguration`, `badEnvironment`, … */
export const printConfiguration = async (path: string | undefined): Promise<void> => {
  const { value, source } = await effectiveConfiguration(path, process.env);
  const configuration = checkConfiguration(value, source);
  const { site, node, state = stateDirectory(site, node) } = configuration;
  print(masked({ ...configuration, state }));
};

/** `myrmex config schema`. */
export const printSchema = (): void => print({ $schema: DIALECT, title: 'Myrmex node', ...Configuration });
