import Type, { type Static } from 'typebox';
import { FLEET, Name } from '../../protocols/names.ts';
import { brokerFault, isOnThisMachine, RemoteBroker } from './broker.ts';
import type { WrongValue } from './faults.ts';
import { closed, Path } from './fields.ts';

/** A gateway is a member of this many sites besides its own, at most. */
const BRIDGES_MAX = 3;

/** A further site whose mesh this node is a member of: what one of its sites has learned reaches the others. */
const Bridge = Type.Object(
  {
    site: Name,
    /** How this node is called there; as at home when left out. */
    node: Type.Optional(Name),
    /** Of that site. With `fleet` and TLS the files of that folder are shown, unless others or a user are named. */
    broker: RemoteBroker,
    /** Folder with what the operator of that site made of this node. Without it the mesh there is open. */
    fleet: Type.Optional(Path),
    /** Seconds between two cycles there; as at home when left out. */
    everySeconds: Type.Optional(Type.Number({ minimum: 0.1, maximum: 86_400 })),
  },
  closed,
);

export type Bridge = Static<typeof Bridge>;

export const Bridges = Type.Array(Bridge, { minItems: 1, maxItems: BRIDGES_MAX });

/** What is wrong with bridges that are each of the right form. @param site of this node */
export const bridgesFault = (site: string, bridges: readonly Bridge[] = []): WrongValue | null => {
  const seen = new Set<string>();
  for (const [i, bridge] of bridges.entries()) {
    const at = (field: string, why: string) => ({ path: `/mesh/bridges/${i}/${field}`, why });
    if (bridge.site === site) return at('site', "is this node's own: name another, whose broker this node reaches");
    if (seen.has(bridge.site)) return at('site', 'is named twice: one bridge of a node to a site is enough');
    seen.add(bridge.site);
    if (bridge.node === FLEET) return at('node', 'is the operator’s own name at a site: choose another');
    const fault = brokerFault(bridge.broker);
    if (fault !== null) return { ...fault, path: `/mesh/bridges/${i}${fault.path}` };
    if (bridge.fleet === undefined && !isOnThisMachine(bridge.broker)) return at('fleet', NEEDED);
  }
  return null;
};

const NEEDED =
  'is missing: with a broker of another machine, name the folder that "myrmexctl fleet enroll" of that site made';
