import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type PeftAdapter, readPeft } from '../../kernels/adapters/peft.ts';

export const WEIGHTS_FILE = 'adapter_model.safetensors';
export const CONFIG_FILE = 'adapter_config.json';

/**
 * An adapter from a file of ours, or from a directory as PEFT's `save_pretrained` leaves it.
 *
 * @throws TensorFileError, SyntaxError or an error of the file system
 */
export async function readAdapter(path: string): Promise<PeftAdapter> {
  if (!(await stat(path)).isDirectory()) return readPeft(await readFile(path));
  const config: unknown = JSON.parse(await readFile(join(path, CONFIG_FILE), 'utf8'));
  return readPeft(await readFile(join(path, WEIGHTS_FILE)), config);
}
