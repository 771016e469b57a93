import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Configuration } from '../../firmware/configuration.ts';
import { lastObject, myrmex, type Program } from './programs.ts';

export const SITE = 'plant';
/** A cycle for which every message came. */
export const COMPLETE = /"meshCycles":[1-9]/;

/** Of what a gateway prints last. */
export interface End {
  readonly counters: Readonly<Record<string, number>>;
  readonly experts: Readonly<Record<string, { weight: number }>>;
}

/** A gateway with a simulated machine and labels, which learns at once. */
export const start = async (folder: string, node: string, own: Partial<Configuration>): Promise<Program> => {
  const configuration = {
    ...{ site: SITE, node, board: 'pc', seed: 0, state: join(folder, `state-${node}`) },
    sensor: { kind: 'simulated', seed: node.length, drift: { beginMs: 0, endMs: 1_000 } },
    labeller: { rate: 0.5, delayMsMin: 100, delayMsMax: 200 },
    experts: ['frozen', 'renormalised', 'local', 'linear', 'context'],
    ...own,
  };
  const path = join(folder, `${node}.json`);
  await writeFile(path, JSON.stringify(configuration));
  return myrmex('run', '--config', path, '--json');
};

/** Stops a gateway as systemd does. */
export const end = async (program: Program): Promise<End> => {
  program.process.kill('SIGTERM');
  assert.is(await program.ended, 0, program.stderr());
  return lastObject<End>(program);
};
