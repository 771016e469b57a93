import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { Test } from 'uvu';

const shared = fileURLToPath(new URL('../../../shared/', import.meta.url));
const dataFolder = process.env.MYRMEX_DATA ?? join(shared, 'data');
const recordingTool = join(dataFolder, '..', 'tools', 'recording.mjs');
const RECORDING_BYTES_MAX = 512 * 1024 * 1024;

/** Path of a file in the measurement data, which lies beside the project and is never copied into it. */
export const dataPath = (...parts: string[]): string => join(dataFolder, ...parts);

/** A test that needs a measurement data set; where it is absent the test is skipped and a line says so. */
export const dataTest = <T>(suite: Test<T>, name: string, dataset: string, run: () => Promise<void> | void): void => {
  if (existsSync(dataPath(dataset))) {
    suite(name, async () => run());
    return;
  }
  process.stdout.write(`skipped: "${name}" needs ${dataPath(dataset)} (set MYRMEX_DATA to its parent)\n`);
  suite.skip(name, () => {});
};

/** Prints a data set as a recording (gzipped CSV) into a temporary file and returns the file's path. */
export const recordingFile = async (dataset: string, args: readonly string[] = []): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, [recordingTool, dataset, ...args], {
    maxBuffer: RECORDING_BYTES_MAX,
    encoding: 'buffer',
  });
  const folder = await mkdtemp(join(tmpdir(), 'myrmex-recording-'));
  const path = join(folder, `${dataset}.csv.gz`);
  await writeFile(path, gzipSync(stdout, { level: 1 }));
  return path;
};
