import { effectiveConfiguration } from './cli-settings.ts';
import type { StateFlags } from './cli-state-flags.ts';
import { checkConfiguration } from './configuration.ts';
import { NodeError } from './errors.ts';
import { readBounded, stateDirectory, writeWhole } from './io/files.ts';
import { ARCHIVE_BYTES_MAX, readArchive, writeArchive } from './io/store/archive.ts';
import { readState, replaceState, resetState, type StateSummary } from './io/store/transfer.ts';

/** `myrmex state export FILE|-`. @throws NodeError */
export const exportState = async (file: string, flags: StateFlags): Promise<void> => {
  const directory = await directoryOf(flags);
  const { archive, summary } = await readState(directory);
  const bytes = await writeArchive(archive);
  if (file === '-') process.stdout.write(bytes);
  else await writeWhole(file, bytes);
  const where = file === '-' ? 'standard output' : file;
  const { damaged } = summary;
  const left = damaged === 0 ? '' : `; ${damaged} damaged records were left out`;
  say(`exported ${inWords(summary)} from ${directory} to ${where} (${bytes.length} bytes)${left}`);
};

/** `myrmex state import FILE [--replace]`. @throws NodeError; nothing is changed then */
export const importState = async (file: string, flags: StateFlags & { replace?: true }): Promise<void> => {
  const directory = await directoryOf(flags);
  const packed = await readBounded(file, 'exported state', ARCHIVE_BYTES_MAX);
  try {
    const archive = await readArchive(packed);
    const summary = await replaceState(directory, archive, { replace: flags.replace === true, unixMs: Date.now() });
    say(`imported ${inWords(summary)} from ${file} into ${directory}`);
  } catch (error) {
    if (!(error instanceof NodeError) || !error.code.startsWith('archive')) throw error;
    throw new NodeError(error.code, `${file} was not imported and nothing was changed: ${error.message}`);
  }
};

/** `myrmex state reset [--yes]`. @throws NodeError */
export const reset = async (flags: StateFlags & { yes?: true }): Promise<void> => {
  const directory = await directoryOf(flags);
  if (flags.yes !== true) {
    const what = inWords(await resetState(directory, false));
    throw new NodeError('notConfirmed', `${directory} holds ${what}; nothing was changed: --yes forgets it for good`);
  }
  say(`forgot ${inWords(await resetState(directory, true))} in ${directory}`);
};

const directoryOf = async ({ state, config }: StateFlags): Promise<string> => {
  if (state !== undefined) return state;
  if (config === undefined) {
    throw new NodeError('badFlags', 'which state? name its directory with --state, or the configuration with --config');
  }
  const { value, source } = await effectiveConfiguration(config, process.env);
  const { site, node, state: configured } = checkConfiguration(value, source);
  return configured ?? stateDirectory(site, node);
};

const inWords = ({ models, labels, snapshots, epoch }: StateSummary): string => {
  const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
  const what = `${many(models, 'model')}, ${many(labels, 'label')}, ${many(snapshots, 'snapshot')}`;
  return `${what}, boot counter ${epoch}`;
};

/** Not to standard output: an export may go there. */
const say = (text: string): void => {
  process.stderr.write(`myrmex: ${text}\n`);
};
