/** A mount, as `/proc/self/mountinfo` has it (proc(5)). */
export interface Mount {
  readonly point: string;
  readonly type: string;
  readonly source: string;
  readonly readOnly: boolean;
}

/** The mount that a path lies on; null when there is none. @param text of `/proc/self/mountinfo` */
export const mountOf = (path: string, text: string): Mount | null => {
  let best: Mount | null = null;
  for (const line of text.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , , point = '', options = ''] = before.split(' ');
    const [type = '', source = ''] = after.split(' ');
    // Spaces and the like are written as \040.
    const plain = point.replace(/\\([0-7]{3})/g, (_all, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    const inside = plain === '/' || path === plain || path.startsWith(`${plain}/`);
    // The last one mounted on a point hides those before it.
    if (plain === '' || !inside || (best !== null && plain.length < best.point.length)) continue;
    best = { point: plain, type, source, readOnly: options.split(',').includes('ro') };
  }
  return best;
};

/** What ends with the power, or with the container. */
export const isFleeting = ({ type }: Mount): boolean => ['tmpfs', 'ramfs', 'overlay'].includes(type);

/** An SD card or eMMC, which wears out. */
export const isCard = ({ source }: Mount): boolean => source.startsWith('/dev/mmcblk');
