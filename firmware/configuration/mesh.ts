import Type, { type Static } from 'typebox';
import { DEFENCE_NAMES } from '../../protocols/robust/defence.ts';
import { Bridges } from './bridges.ts';
import { type Broker, isOnThisMachine } from './broker.ts';
import type { WrongValue } from './faults.ts';
import { closed, Path } from './fields.ts';

/** When a coordinator takes what an agent learned, and when an agent speaks. */
const Star = Type.Object(
  {
    /** Agents that make a round; fewer wait for others, twice `everySeconds` at most. */
    agentsMin: Type.Optional(Type.Integer({ minimum: 1, maximum: 256 })),
    /** Labels behind an update. */
    labelsMin: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    /** By how much an update must lower the log-loss on its agent's own labelled windows, nats. */
    gainNatsMin: Type.Optional(Type.Number({ minimum: 0, maximum: 10 })),
    /** By how much an update may raise it on the coordinator's, where that has labels. */
    hurtNatsMax: Type.Optional(Type.Number({ minimum: 0, maximum: 10 })),
  },
  closed,
);

/** Clipping and noise on what this node shares, and how much it may give away in all (docs/mesh-robust.md). */
const Privacy = Type.Object(
  {
    /** Longest update, Euclidean, in the parameters' own unit. */
    clipNorm: Type.Number({ exclusiveMinimum: 0, maximum: 1e6 }),
    /** Standard deviation of the noise in each parameter, in clipping norms. */
    noiseMultiplier: Type.Number({ exclusiveMinimum: 0, maximum: 1e6 }),
    /** ε at which the node stops sharing what it learns. */
    epsilonMax: Type.Number({ exclusiveMinimum: 0, maximum: 1e6 }),
    delta: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 })),
  },
  closed,
);

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
    privacy: Type.Optional(Privacy),
    /** A star instead of a mesh: who gathers and hands out; this node's own name makes it the coordinator. */
    coordinator: Type.Optional(Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,63}$' })),
    star: Type.Optional(Star),
    /** Further sites: this node is a member of their meshes too, and passes on what was learned. */
    bridges: Type.Optional(Bridges),
  },
  closed,
);

export type Mesh = Static<typeof Mesh>;

export const MESH_DEFAULTS = {
  everySeconds: 60,
  answerSeconds: 2,
  defence: 'clip',
  star: { agentsMin: 1, labelsMin: 8, gainNatsMin: 0, hurtNatsMax: 0.05 },
} as const;

/** An open mesh believes every key, and so must not reach beyond this machine. */
export const meshFault = (mesh: Mesh | undefined, broker: Broker): WrongValue | null => {
  if (mesh?.privacy !== undefined && mesh.coordinator !== undefined) {
    return { path: '/mesh/privacy', why: 'is for a mesh: a star has no such thing yet' };
  }
  if (mesh?.bridges !== undefined && mesh.coordinator !== undefined) {
    return { path: '/mesh/bridges', why: 'are for a mesh: the agents of a star have one broker' };
  }
  if (mesh === undefined || mesh.fleet !== undefined) return null;
  return isOnThisMachine(broker) ? null : { path: '/mesh/fleet', why: NEEDED };
};

const NEEDED =
  'is missing: with a broker that others reach, name the folder that "myrmexctl fleet enroll" made of this node';
