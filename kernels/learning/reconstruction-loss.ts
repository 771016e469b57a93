import type { Loss, Slopes } from './loss.ts';
import type { Logits } from './softmax.ts';

/**
 * How far an autoencoder is from giving back what it was given, beyond what it need not learn:
 *
 *     s = mean over the features of (z - y)²     L = max(0, √s - √known)²     dL/dy = (1 - √(known / s)) 2 (y - z) / n
 *
 * z is the window as the model takes it, y its reconstruction, both in real units. A window that is given back as well
 * as `known` pulls at nothing (the insensitive zone of support vector regression, Vapnik 1995, made smooth), where Adam
 * would blow its tiny gradient up to a full step: what moves the adapters is what the model does not know yet.
 */
export class ReconstructionLoss implements Loss {
  readonly size: number;

  /**
   * @param output of the model
   * @param wanted gives z of the window in a slot [size]
   * @param known gives the error that is as good as none, >= 0, in the unit of s
   */
  constructor(
    private readonly output: Logits,
    private readonly wanted: (slot: number) => Float32Array,
    private readonly known: () => number,
  ) {
    this.size = output.data.length;
  }

  evaluate(slot: number, gradient: Slopes): number {
    const { size } = this;
    const { data, scale, zeroPoint } = this.output;
    const z = this.wanted(slot);
    let sum = 0;
    for (let i = 0; i < size; i++) {
      const rest = scale * (data[i]! - zeroPoint) - z[i]!;
      gradient[i] = rest;
      sum += rest * rest;
    }
    const error = Math.sqrt(sum / size);
    const beyond = Math.max(0, error - Math.sqrt(this.known()));
    const factor = beyond === 0 ? 0 : (2 * beyond) / (error * size);
    for (let i = 0; i < size; i++) gradient[i] = gradient[i]! * factor;
    return beyond * beyond;
  }
}
