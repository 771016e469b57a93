import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { inspectModel } from '../model/inspection.ts';
import { printInspection } from '../model/print-inspection.ts';
import { runFile } from '../model/run-file.ts';

interface InspectOptions {
  readonly json?: true;
}

interface RunOptions {
  readonly input: string;
  readonly output: string;
}

/** `myrmexctl model inspect|run`: look into a .tflite file, or run it on raw int8 values. */
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
  return command;
}
