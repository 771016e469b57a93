import Type, { type Static } from 'typebox';
import { learningMechanisms, learningWithout } from '../../kernels/learning/mechanisms.ts';
import { ADAPTERS_MAX, defaultPipelineOptions, type PipelineOptions } from '../pipeline/options.ts';
import { closed } from './fields.ts';

const Windows = Type.Integer({ minimum: 1, maximum: 1_000_000 });

/** Several adapters, one for each state of the machine; see `PoolOptions`. */
const Pool = Type.Object(
  {
    adaptersMax: Type.Integer({ minimum: 1, maximum: ADAPTERS_MAX }),
    memory: Type.Optional(Windows),
    hysteresis: Type.Optional(Windows),
    novelty: Type.Optional(Type.Number({ minimum: 1.01, maximum: 1_000 })),
    learnsA: Type.Optional(Type.Boolean()),
  },
  closed,
);

/** Unless told otherwise: what a person answers beside their work. */
export const ASKS_PER_DAY = 20;

/** How adapters are stored and chosen, and what people are asked. */
export const Learning = Type.Object(
  {
    factorBits: Type.Optional(Type.Union([Type.Literal(32), Type.Literal(8), Type.Literal(4)])),
    /** How fast A learns, as a share of the rate of B; 0: as it was drawn. */
    learnA: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    /** What A is drawn from; another model's, to go on with adapters that were learned on that one. */
    adapterSeed: Type.Optional(Type.String({ pattern: '^[0-9a-f]{16}$' })),
    pool: Type.Optional(Pool),
    /** Windows in 24 hours whose label the node asks for, those that would teach most; 0 for none. */
    asksPerDay: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })),
    /** Memory for labelled windows to learn from again; at most the board's. */
    replayBytes: Type.Optional(Type.Integer({ minimum: 16 * 1024, maximum: 256 * 1024 * 1024 })),
    /** Parts of learning to leave out. */
    without: Type.Optional(Type.Array(Type.Enum([...learningMechanisms]), { uniqueItems: true })),
  },
  closed,
);

export type Learning = Static<typeof Learning>;

/** @param bytesMax of the pool, the board's */
export const learningOptions = (
  learning: Learning | undefined,
  bytesMax: number,
): Pick<PipelineOptions, 'learning' | 'pool' | 'adapterSeed' | 'replayBytes'> => {
  const { factorBits, learnA, pool, adapterSeed = null, without = [], replayBytes } = learning ?? {};
  const whole = {
    ...defaultPipelineOptions.learning,
    ...(factorBits === undefined ? {} : { factorBits }),
    ...(learnA === undefined ? {} : { learnA }),
  };
  return {
    learning: learningWithout(whole, without),
    replayBytes: replayBytes ?? defaultPipelineOptions.replayBytes,
    pool: { ...defaultPipelineOptions.pool, ...pool, bytesMax },
    adapterSeed,
  };
};
