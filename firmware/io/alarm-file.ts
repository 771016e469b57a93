import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ALARM } from '../../protocols/messages/alarm.ts';
import { errorCode } from '../errors.ts';
import type { AlarmViews } from '../machines/alarms.ts';
import { writeWhole } from './files.ts';

const VERSION = 1;
/** By whom the umask allows. */
const READABLE = 0o666;

/** Where alarms outlive a restart: a small file beside what was learned. */
export interface AlarmFile {
  /** What was there; empty when there was nothing, or nothing that can be read. */
  load(): Promise<AlarmViews>;
  /** Replaces the file as a whole: after a power cut there is the old one or the new one. @throws NodeError */
  save(alarms: AlarmViews): Promise<void>;
}

/** @param directory of the node's state; it must be there */
export const openAlarmFile = (directory: string): AlarmFile => {
  const path = join(directory, 'alarms.json');
  return {
    load: async () => {
      try {
        const content: unknown = JSON.parse(await readFile(path, 'utf8'));
        const { version, ...body } = Object(content) as Record<string, unknown>;
        return version === VERSION && ALARM.check(body) ? body.alarms : {};
      } catch (error) {
        if (error instanceof SyntaxError || errorCode(error) !== '') return {};
        throw error;
      }
    },
    save: (alarms) => writeWhole(path, JSON.stringify({ version: VERSION, alarms }), READABLE),
  };
};
