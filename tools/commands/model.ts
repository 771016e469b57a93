import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { BOARD_NAMES } from '../../boards/registry.ts';
import { TASKS } from '../../protocols/model-card.ts';
import { type DescribeFlags, describeFile } from '../model/describe.ts';
import { inspectModel } from '../model/inspection.ts';
import { printInspection } from '../model/print-inspection.ts';
import { runFile } from '../model/run-file.ts';
import { integerFrom, list, notNegative, positive, share } from './arguments.ts';
import { addMeasureCommands } from './model-measure.ts';
import { addRequantiseCommand } from './model-requantise.ts';

interface InspectOptions {
  readonly json?: true;
  readonly board?: string;
}

interface RunOptions {
  readonly input: string;
  readonly output: string;
}

const strideRows = integerFrom(1, 1 << 16);

/** `myrmexctl model …`: look into a .tflite file, run it, measure it, or tell a node what it needs of it. */
export function modelCommand(): Command {
  const command = new Command('model').description('look into a .tflite model, run it on a file, measure it');
  command
    .command('inspect')
    .description('operators, shapes, quantisation, cost, memory, boards it fits and model card')
    .argument('<model>', 'path of a .tflite file')
    .addOption(new Option('--board <name>', 'ask only whether it fits this board').choices([...BOARD_NAMES]))
    .option('--json', 'print one JSON object')
    .action(async (path: string, { board, ...options }: InspectOptions) => {
      const report = inspectModel(await readFile(path), board === undefined ? BOARD_NAMES : [board]);
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
  addMeasureCommands(command);
  addRequantiseCommand(command);
  command
    .command('describe')
    .description('write into a model from elsewhere what a node needs: task, classes or outputs, channels, window')
    .argument('<model>', 'path of a .tflite file; changed in place unless --out is given')
    .addOption(new Option('--task <task>', 'what it does (default: what its shape says)').choices(TASKS))
    .option('--labels <names>', "a classifier's classes in the order of its output, separated by commas", list)
    .option('--outputs <names>', "a regressor's outputs: name, name:unit or name:unit:low..high, separated by commas")
    .option('--threshold <score>', 'score beyond which a window is an anomaly', positive)
    .option('--threshold-quantile <share>', 'or: the score that this share of the normal windows keeps to', share, 0.99)
    .requiredOption('--channels <names>', 'channels in the order of a sample, separated by commas', list)
    .requiredOption('--window <rows>', 'rows per window', integerFrom(1, 1 << 16))
    .option('--stride <rows>', "rows from one window's start to the next one's (default: the window)", strideRows)
    .addOption(
      new Option('--features <kind>', 'what the model takes').choices(['raw', 'statistics', 'spectral']).default('raw'),
    )
    .option('--recording <file>', 'standardise the features by this recording, and measure the threshold on it')
    .option('--no-standardise', 'give the model its features as they come, also with --recording')
    .option('--sample-interval <ms>', 'milliseconds between rows, 0 when irregular', notNegative, 0)
    .option('--out <file>', 'where to write the model')
    .action(async (path: string, flags: DescribeFlags) => {
      const { out, features, card, remarks } = await describeFile(path, flags);
      for (const remark of remarks) process.stderr.write(`${remark}\n`);
      process.stderr.write(`${out}: ${card.task} on ${features} features, ready for a node\n`);
    });
  return command;
}
