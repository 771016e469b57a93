import Type, { type Static } from 'typebox';
import { DEFENCE_NAMES } from '../../protocols/robust/defence.ts';
import { type Broker, isLoopback } from './broker.ts';
import type { WrongValue } from './faults.ts';
import { closed, Path } from './fields.ts';

/** Sharing what is learned with the other gateways of the site. */
export const Mesh = Type.Object(
  {
    /** Seconds between two cycles of averaging; each is at most ⌈log2 N⌉ + 1 messages of a node. */
    everySeconds: Type.Optional(Type.Number({ minimum: 0.1, maximum: 86_400 })),
    /** How long a peer may take to answer; several times a message's way there and back. */
    answerSeconds: Type.Optional(Type.Number({ minimum: 0.05, maximum: 3_600 })),
    /** What stands between what a peer says and what is mixed; `clip` unless told otherwise. */
    defence: Type.Optional(Type.Enum([...DEFENCE_NAMES])),
    /**
     * Folder with what `myrmexctl fleet enroll` made of this node. Without it the mesh is open: all keys are believed,
     * on a broker of this machine alone.
     */
    fleet: Type.Optional(Path),
    /** A star instead of a mesh: who gathers and hands out; this node's own name makes it the coordinator. */
    coordinator: Type.Optional(Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,63}$' })),
  },
  closed,
);

export type Mesh = Static<typeof Mesh>;

export const MESH_DEFAULTS = { everySeconds: 60, answerSeconds: 2, defence: 'clip' } as const;

/** An open mesh believes every key, and so must not reach beyond this machine. */
export const meshFault = (mesh: Mesh | undefined, broker: Broker): WrongValue | null => {
  if (mesh === undefined || mesh.fleet !== undefined) return null;
  if (!('url' in broker)) return broker.tls === undefined ? null : { path: '/mesh/fleet', why: NEEDED };
  const { hostname } = new URL(broker.url);
  return isLoopback(hostname.replace(/^\[|\]$/g, '')) ? null : { path: '/mesh/fleet', why: NEEDED };
};

const NEEDED =
  'is missing: with a broker that others reach, name the folder that "myrmexctl fleet enroll" made of this node';
