import { readdir, readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';

/** The figures of this computer as Linux gives them: small files that are read anew each time. */
export interface HostFiles {
  /** `name` below proc: `loadavg`, `net/dev`. */
  proc(name: string): Promise<string>;
  /** Every temperature there is, °C. Rejects when there is none. */
  temperatures(): Promise<number[]>;
  /** Share of the file system that is used. */
  diskUsed(): Promise<number>;
}

/** @param path any path on the file system to measure */
export const openHostFiles = (proc: string, sys: string, path: string): HostFiles => ({
  proc: (name) => readFile(join(proc, name), 'latin1'),
  temperatures: async () => {
    const zones = await degrees(await thermalZones(sys));
    const values = zones.length > 0 ? zones : await degrees(await hardwareMonitors(sys));
    if (values.length === 0) throw new Error(`no temperature below ${sys}/class/thermal or ${sys}/class/hwmon`);
    return values;
  },
  diskUsed: async () => {
    const { blocks, bfree, bavail } = await statfs(path);
    // Blocks kept for root count neither as used nor as free, as in df.
    const used = blocks - bfree;
    return used + bavail === 0 ? 0 : used / (used + bavail);
  },
});

/** Files are looked for at each reading: a sensor on USB or I2C may come and go. */
const thermalZones = async (sys: string): Promise<string[]> => {
  const zones = await below(join(sys, 'class/thermal'), /^thermal_zone\d+$/);
  return zones.map((zone) => join(zone, 'temp'));
};

const hardwareMonitors = async (sys: string): Promise<string[]> => {
  const chips = await below(join(sys, 'class/hwmon'), /^hwmon\d+$/);
  return (await Promise.all(chips.map((chip) => below(chip, /^temp\d+_input$/)))).flat();
};

const below = async (folder: string, pattern: RegExp): Promise<string[]> => {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => pattern.test(name)).map((name) => join(folder, name));
};

/** °C from files in m°C, without those that cannot be read: a zone that is switched off answers with an error. */
const degrees = async (paths: readonly string[]): Promise<number[]> => {
  const texts = await Promise.all(paths.map((path) => readFile(path, 'latin1').catch(() => '')));
  const values = texts.filter((text) => text.trim() !== '').map((text) => Number(text) / 1_000);
  return values.filter(Number.isFinite);
};
