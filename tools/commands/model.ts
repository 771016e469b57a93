import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { type DescribeFlags, describeFile } from '../model/describe.ts';
import { inspectModel } from '../model/inspection.ts';
import { printInspection } from '../model/print-inspection.ts';
import { runFile } from '../model/run-file.ts';
import { integerFrom, list, notNegative } from './arguments.ts';

interface InspectOptions {
  readonly json?: true;
}

interface RunOptions {
  readonly input: string;
  readonly output: string;
}

const strideRows = integerFrom(1, 1 << 16);

/** `myrmexctl model inspect|run|describe`: look into a .tflite file, run it, or tell a node what it needs of it. */
export function modelCommand(): Command {
  const command = new Command('model').description('look into a .tflite model, or run it on a file');
  command
    .command('inspect')
    .description('operators, shapes, quantisation, cost and model card')
    .argument('<model>', 'path of a .tflite file')
    .option('--json', 'print one JSON object')
    .action(async (path: string, options: InspectOptions) => {
      const report = inspectModel(await readFile(path));
      process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : printInspection(report));
    });
  command
    .command('run')
    .description('run a model on raw int8 values, as many inferences as the input holds')
    .argument('<model>', 'path of a .tflite file with one int8 input and one int8 output')
    .requiredOption('--input <file>', 'raw int8 values, a multiple of the input size')
    .requiredOption('--output <file>', 'where to write the raw int8 results')
    .action(async (path: string, options: RunOptions) => {
      const inferences = await runFile(path, options.input, options.output);
      process.stderr.write(`${inferences} inferences written to ${options.output}\n`);
    });
  command
    .command('describe')
    .description('write into a classifier from elsewhere what a node needs: classes, channels, window, features')
    .argument('<model>', 'path of a .tflite file; changed in place unless --out is given')
    .requiredOption('--labels <names>', "classes in the order of the model's output, separated by commas", list)
    .requiredOption('--channels <names>', 'channels in the order of a sample, separated by commas', list)
    .requiredOption('--window <rows>', 'rows per window', integerFrom(1, 1 << 16))
    .option('--stride <rows>', "rows from one window's start to the next one's (default: the window)", strideRows)
    .addOption(
      new Option('--features <kind>', 'what the model takes').choices(['raw', 'statistics', 'spectral']).default('raw'),
    )
    .option('--recording <file>', 'standardise the features by this labelled recording (default: as they come)')
    .option('--sample-interval <ms>', 'milliseconds between rows, 0 when irregular', notNegative, 0)
    .option('--out <file>', 'where to write the model')
    .action(async (path: string, flags: DescribeFlags) => {
      const { out, features } = await describeFile(path, flags);
      process.stderr.write(`${out}: ${features} features, ready for a node\n`);
    });
  return command;
}
