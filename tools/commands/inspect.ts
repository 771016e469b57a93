import { Command } from 'commander';
import { CommandError } from '../errors.ts';

interface InspectFlags {
  readonly keys?: string;
  readonly json?: true;
}

/** A message in hexadecimal, with room for white space. */
const INPUT_BYTES_MAX = 1024 * 1024;

/** `myrmexctl inspect`: what a message of Myrmex says, whoever wrote it down. */
export function inspectCommand(): Command {
  return new Command('inspect')
    .description('decode a message: binary, hexadecimal or base64, signed or not; exit code 1 when it would be refused')
    .argument('<file>', 'file with one payload, - for standard input')
    .option('--keys <folder>', 'public keys or enrolments of the fleet: say whether the signature holds')
    .option('--json', 'print one JSON object')
    .action(inspect);
}

async function inspect(path: string, { keys: folder, json }: InspectFlags): Promise<void> {
  const { readBounded } = await import('../../firmware/io/files.ts');
  const { createCodec } = await import('../../protocols/codec.ts');
  const { inspectMessage } = await import('../inspect/inspect-message.ts');
  const { readKeyFolder } = await import('../inspect/key-folder.ts');
  const { inspectionJson, printInspection } = await import('../inspect/print-inspection.ts');
  const input = path === '-' ? await readStandardInput() : await readBounded(path, 'message', INPUT_BYTES_MAX);
  const keys = folder === undefined ? null : await readKeyFolder(folder);
  const inspection = inspectMessage(createCodec(), input, keys);
  process.stdout.write(
    json === true ? `${inspectionJson(inspection)}\n` : `${printInspection(inspection).join('\n')}\n`,
  );
  if (inspection.problem !== null) process.exitCode = 1;
}

async function readStandardInput(): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > INPUT_BYTES_MAX) {
      throw new CommandError(
        'inputTooLong',
        `standard input holds more than ${INPUT_BYTES_MAX} bytes: no message does`,
      );
    }
    pieces.push(piece);
  }
  return new Uint8Array(Buffer.concat(pieces));
}
