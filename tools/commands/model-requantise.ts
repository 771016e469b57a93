import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { positive } from './arguments.ts';

interface RequantiseFlags {
  readonly weightBits: string;
  readonly widen: number;
  readonly out: string;
}

/** `myrmexctl model requantise`: what an adapter must outlive when its base is shipped again. */
export function addRequantiseCommand(command: Command): void {
  command
    .command('requantise')
    .description('quantise an int8 model otherwise: other scales, or weights of 4 bits')
    .argument('<model>', 'path of a .tflite file of int8')
    .requiredOption('--out <file>', 'where to write the model')
    .addOption(new Option('--weight-bits <bits>', 'of dense layers and convolutions').choices(['8', '4']).default('8'))
    .option('--widen <factor>', 'on the scales of activations and int8 weights', positive, 1.2)
    .action(async (path: string, { weightBits, widen, out }: RequantiseFlags) => {
      const { requantiseModel } = await import('../../kernels/quantise/requantise-model.ts');
      const { readModel } = await import('../../kernels/tflite/reader.ts');
      const { writeModel } = await import('../../kernels/tflite/writer.ts');
      const { defaultModelLimits } = await import('../../kernels/limits.ts');
      const { writeWhole } = await import('../../firmware/io/files.ts');
      const model = readModel(await readFile(path), defaultModelLimits);
      const bytes = writeModel(requantiseModel(model, { weightBits: weightBits === '4' ? 4 : 8, widen }));
      readModel(bytes, defaultModelLimits);
      await writeWhole(out, bytes, 0o644);
    });
}
