import type { Lane, Part } from '../gossip/lanes.ts';
import { packValues, unpackValues } from '../gossip/quantiser.ts';
import type { ValueCodec } from './contract.ts';

/**
 * All parameters in one message, an int8 each: a star sends seldom, and has no peer-rounds to keep small.
 *
 * @param parts in ascending order, without gaps, from 0; each gets a scale of its own
 */
export const createValueCodec = (size: number, parts: readonly Part[]): ValueCodec => {
  const lane: Lane = { offset: 0, length: size, parts };
  const sent = new Float64Array(size);
  return {
    pack: (values) => packValues(values, lane, 'int8', sent),
    unpack: (packed) => {
      const values = new Float64Array(size);
      return packed.values.length === size && unpackValues(packed, lane, values) ? values : null;
    },
  };
};
