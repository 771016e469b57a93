import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Command } from 'commander';
import type { StateFlags } from '../adapters/state.ts';
import { CommandError } from '../errors.ts';
import { integerFrom } from './arguments.ts';

interface Json {
  readonly json?: true;
}

const number = integerFrom(0, 1023);

/** `myrmexctl adapter …`: what a gateway has learned, as adapters that can be listed, moved and merged. */
export function adapterCommand(): Command {
  const command = new Command('adapter').description('list, move, pin and merge the adapters that a gateway learned');
  const ofState = (name: string, description: string): Command =>
    command
      .command(name)
      .description(`${description}; stop the gateway first`)
      .option('--config <file>', 'configuration (JSON) of the gateway')
      .option('--state <directory>', 'where its state is kept, when not where the configuration says')
      .option('--model <file>', 'its .tflite, when not the one of the configuration');
  ofState('list', 'what adapters there are')
    .option('--json', 'print one JSON object')
    .action(async (flags: StateFlags & Json) =>
      (await import('../adapters/verbs.ts')).list(flags, flags.json === true),
    );
  ofState('export', 'write an adapter as safetensors with the names of PEFT')
    .argument('<file>', 'NAME.safetensors, or a directory, which gets adapter_config.json as well')
    .option('--adapter <number>', 'which one, see list', number, 0)
    .action(async (file: string, flags: StateFlags & { adapter: number }) =>
      (await import('../adapters/verbs.ts')).exportTo(file, flags, flags.adapter),
    );
  ofState('import', 'take an adapter from a file: as one more, or in the place of one')
    .argument('<file>', 'what was exported, or a directory that PEFT wrote')
    .option('--name <text>', 'what to call it')
    .option('--into <number>', 'in the place of this one, which is lost', number)
    .action(async (file: string, flags: StateFlags & { name?: string; into?: number }) =>
      (await import('../adapters/verbs.ts')).importFrom(file, flags, flags),
    );
  ofState('pin', 'keep an adapter as it is called: never merged with another, always at hand')
    .argument('<number>', 'which one, see list', number)
    .option('--off', 'no longer')
    .action(async (id: number, flags: StateFlags & { off?: true }) =>
      (await import('../adapters/verbs.ts')).pin(id, flags, flags.off !== true),
    );
  command
    .command('merge')
    .description('add an adapter to the int8 weights of a model, and say what rounding loses')
    .argument('<model>', 'path of a .tflite file')
    .argument('<adapter>', 'NAME.safetensors, or a directory that PEFT wrote')
    .requiredOption('--out <file>', 'where to write the merged model')
    .option('--recording <file>', 'compare base, adapter beside it and merged model on this recording')
    .option('--json', 'print one JSON object')
    .action(async (model: string, adapter: string, flags: MergeFlags) => merge(model, adapter, flags));
  command
    .command('unmerge')
    .description('give back the file that a model was before an adapter was merged into it, byte for byte')
    .argument('<model>', 'a merged .tflite file')
    .requiredOption('--out <file>', 'where to write it')
    .action(async (model: string, { out }: { out: string }) => {
      const { unmergeFile } = await import('../adapters/merge-file.ts');
      const { writeWhole } = await import('../../firmware/io/files.ts');
      await writeWhole(out, unmergeFile(await readFile(model)), 0o644);
    });
  return command;
}

interface MergeFlags extends Json {
  readonly out: string;
  readonly recording?: string;
}

async function merge(path: string, adapterPath: string, { out, recording, json }: MergeFlags): Promise<void> {
  const { mergeFile } = await import('../adapters/merge-file.ts');
  const { measureMerge } = await import('../adapters/merge-measure.ts');
  const { printMerge } = await import('../adapters/print.ts');
  const { readAdapter } = await import('../adapters/read-adapter.ts');
  const { writeWhole } = await import('../../firmware/io/files.ts');
  const { readRecording } = await import('../../firmware/io/recording.ts');
  if (out === path) throw new CommandError('sameFile', '--out is the model itself: name another file', 2);
  const base = await readFile(path);
  const adapter = await readAdapter(adapterPath);
  const { merged, layers } = mergeFile(base, adapter);
  const measured =
    recording === undefined ? null : measureMerge(base, merged, adapter, await readRecording(recording, {}));
  await writeWhole(out, merged, 0o644);
  const report = { model: basename(out), bytes: merged.length, layers, recording: measured };
  process.stdout.write(json === true ? `${JSON.stringify(report)}\n` : printMerge(report));
}
