import { exp } from '../math/exp.ts';
import { log } from '../math/log.ts';

const LN2 = Math.LN2;
/** Steps of the scale per doubling of the loss: neighbours differ by 4.4 %. */
const STEPS_PER_OCTAVE = 16;
const CODES = 256;
/** The code of a loss of 1: the scale reaches from 2^-11 to 2^4.9. */
const ONE = 176;
/** What nothing is known of counts as. */
export const PRIORITY_AT_START = ONE;

/**
 * Priorities in a byte each, on a logarithmic scale, as prioritised replay wants them (Schaul et al. 2016, §3.3):
 * p = loss + ε, here ε the lower end of the scale, and P(i) ~ p^α. What is stored with every snapshot is small, and no
 * power is taken while drawing.
 */
export class PriorityScale {
  private readonly powers = new Float64Array(CODES);

  /** @param alpha 0: all alike, 1: by loss */
  constructor(alpha: number) {
    for (let code = 0; code < CODES; code++) {
      this.powers[code] = exp((alpha * LN2 * (code - ONE)) / STEPS_PER_OCTAVE);
    }
  }

  /** p^α. */
  power(code: number): number {
    return this.powers[code]!;
  }
}

/** The nearest code of a loss >= 0; beyond the scale its ends. */
export function priorityCode(loss: number): number {
  if (!(loss > 0)) return 0;
  const code = Math.round((log(loss) / LN2) * STEPS_PER_OCTAVE) + ONE;
  return Math.max(0, Math.min(CODES - 1, code));
}
