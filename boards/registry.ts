import { pc } from './pc.ts';
import { rpi4 } from './rpi4.ts';
import { type BoardEntry, type BoardProfile, faultOfProfile } from './schema.ts';

/** Bases of bases of bases end here: a longer chain is a loop. */
const INHERITANCE_DEPTH_MAX = 8;

const ENTRIES: readonly BoardEntry[] = [pc, rpi4];

export const BOARD_NAMES: readonly string[] = ENTRIES.map(({ name }) => name);

/**
 * The complete profile of a board, with what it inherits filled in.
 *
 * @param entries the boards to choose from; the built-in ones unless told otherwise
 * @throws RangeError when no board has the name, or an entry is incomplete, out of range or its own ancestor
 */
export const boardProfile = (name: string, entries: readonly BoardEntry[] = ENTRIES): BoardProfile => {
  const known = entries.map((entry) => entry.name).join(', ');
  let profile: Partial<BoardProfile> = {};
  let next: string | undefined = name;
  for (let depth = 0; next !== undefined; depth++) {
    const entry = entries.find((candidate) => candidate.name === next);
    if (entry === undefined) throw new RangeError(`no board is called "${next}"; known are ${known}`);
    if (depth === INHERITANCE_DEPTH_MAX) throw new RangeError(`board "${name}" inherits from itself`);
    const { base, ...own } = entry;
    profile = { ...own, ...profile };
    next = base;
  }
  const fault = faultOfProfile(profile);
  if (fault !== null) throw new RangeError(`board "${name}" is wrong at ${fault}`);
  return profile as BoardProfile;
};
