import { type FactorBits, FactorCodec } from '../adapters/factor-codec.ts';
import type { LearningAdapter } from '../gradient/rule.ts';
import type { AdamRates } from './adam.ts';

/**
 * What learns of some adapters, as flat arrays: B and bias of every layer, in float32, and behind them A of every layer
 * where it learns too. `publish` brings them into the engine as storage makes of them.
 */
export class TrainedFactors {
  readonly parameters: readonly Float32Array[];
  /** Of each array of `parameters`. */
  readonly gradients: readonly Float64Array[];
  /** How each array is stored. */
  readonly codecs: readonly FactorCodec[];
  /** How many of the arrays are B and bias, the first ones. */
  readonly own: number;
  /** B and bias in the engine. */
  private readonly factors: readonly Float32Array[];

  constructor(
    private readonly layers: readonly LearningAdapter[],
    bits: FactorBits,
  ) {
    this.factors = layers.flatMap(({ factors }) => [factors.loraB, factors.bias]);
    this.own = this.factors.length;
    const learnsA = layers.some(({ loraAGradient }) => loraAGradient.length > 0);
    const withA = learnsA ? layers : [];
    const codec = new FactorCodec(bits);
    this.codecs = [
      ...this.factors.map(() => codec),
      ...withA.map(({ point }) => new FactorCodec(bits, point.inFeatures)),
    ];
    const values = bits === 32 ? this.factors : this.factors.map((array) => array.slice());
    this.parameters = [...values, ...withA.map(realA)];
    this.gradients = [
      ...layers.flatMap(({ loraBGradient, biasGradient }) => [loraBGradient, biasGradient]),
      ...withA.map(({ loraAGradient }) => loraAGradient),
    ];
  }

  /**
   * How fast each array moves. B decays to the frozen model; A has nothing to decay to, and is slower (Hayou et al.
   * 2024, "LoRA+": a product is stable when the factor that starts at zero takes the larger steps).
   *
   * @param paceOfA times the learning rate
   */
  ratesOf(rates: AdamRates, paceOfA: number): AdamRates[] {
    const slow = { learningRate: paceOfA * rates.learningRate, weightDecay: 0 };
    return this.parameters.map((_, at) => (at < this.own ? rates : slow));
  }

  /** Brings `parameters` into the engine. Allocates nothing. */
  publish(): void {
    const { parameters, own } = this;
    for (let k = 0; k < own; k++) this.codecs[k]!.round(parameters[k]!, this.factors[k]!);
    for (let k = own; k < parameters.length; k++) {
      const { loraA, loraAScale } = this.layers[k - own]!.factors;
      this.codecs[k]!.quantise(parameters[k]!, loraA, loraAScale);
    }
  }
}

/** [rank × in] */
function realA({ factors, point }: LearningAdapter): Float32Array {
  const { loraA, loraAScale } = factors;
  return Float32Array.from(loraA, (q, i) => q * loraAScale[Math.floor(i / point.inFeatures)]!);
}
