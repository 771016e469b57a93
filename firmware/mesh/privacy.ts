import type { Codec } from '../../protocols/codec.ts';
import { PrivateUpdates } from '../../protocols/privacy/private-updates.ts';
import type { Mesh } from '../configuration/mesh.ts';
import { readPrivacyFile, secretNormal, writePrivacyFile } from '../io/privacy-file.ts';
import type { Vitals } from '../vitals.ts';

/** Makes of what was learned what may be shared, in place. */
export type Discretion = (update: Float64Array) => Promise<void>;

const DELTA = 1e-5;

export interface DiscretionOptions {
  readonly privacy: Mesh['privacy'];
  readonly codec: Codec;
  readonly directory: string;
  readonly vitals: Vitals;
}

/**
 * Clips and noises updates as the configuration says (protocols/privacy); each is in the account on disk before it is
 * handed out. At the end of the budget nothing more of this node's learning is shared, and the node says so.
 *
 * @returns null when nothing of the kind is configured
 * @throws NodeError `privacyTotal`
 */
export const openDiscretion = async (options: DiscretionOptions): Promise<Discretion | null> => {
  const { privacy, codec, directory, vitals } = options;
  if (privacy === undefined) return null;
  const { clipNorm, noiseMultiplier, epsilonMax, delta = DELTA } = privacy;
  const before = await readPrivacyFile(codec, directory);
  const updates = new PrivateUpdates({ clipNorm, noiseMultiplier, epsilonMax, delta }, secretNormal, before);
  return async (update) => {
    // Who learned nothing gives nothing away: that it learned nothing is plain from its messages anyway.
    if (update.every((value) => value === 0)) return;
    const isShared = updates.release(update);
    await writePrivacyFile(codec, directory, updates.total);
    vitals.set('meshEpsilon', updates.epsilon);
    if (isShared) return;
    const mend = 'raise mesh.privacy.epsilonMax, or let it only listen';
    vitals.trouble('privacy', `this node has given away all it may and shares nothing new: ${mend}`);
  };
};
