import { kidOf, type PublicKey } from '../../firmware/io/keys.ts';
import { createCodec } from '../../protocols/codec.ts';
import { Registry } from '../../protocols/enrolment.ts';
import type { SiteHeard } from './gather.ts';

/**
 * What every other node makes of the enrolments that are retained at the broker: `proven`, or the reason for which they
 * are refused (protocols/enrolment.ts).
 */
export const proofsOf = (
  { enrolments, revocation }: SiteHeard,
  site: string,
  root: PublicKey,
): ReadonlyMap<string, string> => {
  const registry = new Registry({ codec: createCodec(), site, root, kidOf });
  if (revocation !== null) registry.revoke(revocation);
  const proof = (node: string, bytes: Uint8Array): string => {
    const taken = registry.enrol(node, bytes);
    return taken.ok ? 'proven' : taken.reason;
  };
  return new Map([...enrolments].map(([node, bytes]) => [node, proof(node, bytes)]));
};
