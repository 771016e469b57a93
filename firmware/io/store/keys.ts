import { formatWindowId, parseWindowId } from '../../../protocols/window-id.ts';

/**
 * Names of what is stored. Everything learned lies below the hash of the model it was learned for, so that another
 * model finds nothing of it, and the first model finds it again when it returns.
 */
export const EPOCH_KEY = 'epoch';
/** Track records of whoever labels, for every model alike. */
export const LABELLERS_KEY = 'labellers';
/** Which keys there are. */
export const LAYOUT_KEY = 'layout';

/** Every key of every model. '0' is the character after '/'. */
export const MODELS = { gte: 'model/', lt: 'model0' } as const;

/** Key range of one kind of record of one model. */
export function rangeOf(model: string, kind: 'entry' | 'label'): { gte: string; lt: string } {
  return { gte: `model/${model}/${kind}/`, lt: `model/${model}/${kind}0` };
}

/** Zero-padded, so that the order of keys is the order of learning. */
export function entryKey(model: string, sequence: number): string {
  return `model/${model}/entry/${String(sequence).padStart(16, '0')}`;
}

/** Two places in turn: the older snapshot stays whole while the newer is written. */
export function snapshotKey(model: string, number: number): string {
  return `model/${model}/snapshot/${number % 2 === 0 ? 'a' : 'b'}`;
}

/** Zero-padded `<epoch>-<index>`: the order of keys is the order of windows. */
export function labelKey(model: string, window: string): string {
  const { epoch, index } = parseWindowId(window) ?? { epoch: 0, index: 0 };
  return `model/${model}/label/${String(epoch).padStart(9, '0')}-${String(index).padStart(15, '0')}`;
}

/** The window id in a label's key. */
export function windowOfLabelKey(key: string): string {
  const [epoch, index] = key.slice(key.lastIndexOf('/') + 1).split('-');
  return formatWindowId(Number(epoch), Number(index));
}

/** The model hash in any key below `model/`. */
export function modelOfKey(key: string): string {
  return key.split('/', 2)[1] ?? '';
}

const MODEL_KEY = /^model\/[0-9a-f]{16}\/(entry\/\d{16}|label\/\d{9}-\d{15}|snapshot\/[ab])$/;

/** Whether a key is one that this software writes below `model/`. */
export function isModelKey(key: string): boolean {
  return MODEL_KEY.test(key);
}

/** The kind of record behind a key below `model/`. */
export function kindOfKey(key: string): 'entry' | 'label' | 'snapshot' {
  return key.split('/', 3)[2] as 'entry' | 'label' | 'snapshot';
}
