import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '../../firmware/io/files.ts';
import type { Adaptation } from '../../firmware/pipeline.ts';
import { peftConfig, writePeft } from '../../kernels/adapters/peft.ts';
import { CommandError } from '../errors.ts';
import { exportAdapter, importAdapter, NAME_NOTE } from './adapter-file.ts';
import { type ListedAdapter, printAdapters } from './print.ts';
import { CONFIG_FILE, readAdapter, WEIGHTS_FILE } from './read-adapter.ts';
import { type StateFlags, withState } from './state.ts';

/** `myrmexctl adapter list` */
export const list = (flags: StateFlags, json: boolean): Promise<void> =>
  withState(flags, async ({ adaptation }) => {
    const adapters = listed(adaptation);
    process.stdout.write(json ? `${JSON.stringify({ adapters })}\n` : printAdapters(adapters));
  });

function listed({ pool, choice }: Adaptation): ListedAdapter[] {
  const all = Array.from({ length: pool.adaptersMax }, (_, id) => id).filter((id) => pool.has(id));
  const active = choice?.chooser.active ?? pool.loaded;
  return all.map((id) => ({
    ...{ adapter: id, name: pool.nameOf(id), steps: pool.stepsOf(id), pinned: pool.isPinned(id) },
    active: id === active,
  }));
}

/** `myrmexctl adapter export FILE|DIRECTORY` */
export const exportTo = (path: string, flags: StateFlags, id: number): Promise<void> =>
  withState(flags, async ({ adaptation }) => {
    requireAdapter(adaptation, id);
    const adapter = exportAdapter(adaptation, id);
    const bytes = writePeft(adapter);
    if (path.endsWith('.safetensors')) return writeWhole(path, bytes, 0o644);
    await mkdir(path, { recursive: true });
    await writeWhole(join(path, WEIGHTS_FILE), bytes, 0o644);
    await writeWhole(join(path, CONFIG_FILE), `${JSON.stringify(peftConfig(adapter), null, 2)}\n`, 0o644);
  });

/** `myrmexctl adapter import FILE` */
export const importFrom = (path: string, flags: StateFlags, how: { name?: string; into?: number }): Promise<void> =>
  withState(flags, async ({ adaptation, save }) => {
    const { pool, choice } = adaptation;
    const file = await readAdapter(path);
    if (how.into !== undefined) requireAdapter(adaptation, how.into);
    const id = how.into ?? pool.create(choice?.chooser.active ?? 0);
    if (id < 0) {
      const room = `there is room for ${pool.adaptersMax} (learning.pool.adaptersMax)`;
      throw new CommandError('poolFull', `${room}: name the one to give up with --into`);
    }
    importAdapter(adaptation, id, file);
    pool.rename(id, how.name ?? file.notes[NAME_NOTE] ?? '');
    await save();
    process.stderr.write(`myrmexctl: ${path} is adapter ${id} now\n`);
  });

/** `myrmexctl adapter pin NUMBER` */
export const pin = (id: number, flags: StateFlags, pinned: boolean): Promise<void> =>
  withState(flags, async ({ adaptation, save }) => {
    requireAdapter(adaptation, id);
    adaptation.pool.pin(id, pinned);
    await save();
  });

function requireAdapter({ pool }: Adaptation, id: number): void {
  if (id < pool.adaptersMax && pool.has(id)) return;
  throw new CommandError('noAdapter', `there is no adapter ${id}: myrmexctl adapter list shows all`, 2);
}
