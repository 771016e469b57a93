import Type, { type Static } from 'typebox';
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
  },
  closed,
);

/** How adapters are stored and chosen. */
export const Learning = Type.Object(
  {
    factorBits: Type.Optional(Type.Union([Type.Literal(32), Type.Literal(8), Type.Literal(4)])),
    /** What A is drawn from; another model's, to go on with adapters that were learned on that one. */
    adapterSeed: Type.Optional(Type.String({ pattern: '^[0-9a-f]{16}$' })),
    pool: Type.Optional(Pool),
  },
  closed,
);

export type Learning = Static<typeof Learning>;

/** @param bytesMax of the pool, the board's */
export const learningOptions = (
  learning: Learning | undefined,
  bytesMax: number,
): Pick<PipelineOptions, 'learning' | 'pool' | 'adapterSeed'> => {
  const { factorBits, pool, adapterSeed = null } = learning ?? {};
  return {
    learning: { ...defaultPipelineOptions.learning, ...(factorBits === undefined ? {} : { factorBits }) },
    pool: { ...defaultPipelineOptions.pool, ...pool, bytesMax },
    adapterSeed,
  };
};
