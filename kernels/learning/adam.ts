const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** How an array of parameters moves. */
export interface AdamRates {
  readonly learningRate: number;
  /** Decoupled, in units of the learning rate. */
  readonly weightDecay: number;
}

/**
 * Adam (Kingma and Ba 2015, algorithm 1) with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2) over a
 * fixed list of float32 parameter arrays, in place. Moments are float32: they are stored in every snapshot.
 */
export class Adam {
  /** First and second moments of all parameters, in order. */
  readonly first: Float32Array;
  readonly second: Float32Array;
  /** β1^t and β2^t after t steps, as products since pow differs between machines; with the moments the whole state. */
  readonly powers = new Float64Array([1, 1]);

  constructor(
    private readonly parameters: readonly Float32Array[],
    private readonly gradients: readonly Float64Array[],
    /** Of each array. */
    private readonly rates: readonly AdamRates[],
  ) {
    const size = parameters.reduce((sum, array) => sum + array.length, 0);
    this.first = new Float32Array(size);
    this.second = new Float32Array(size);
  }

  /** Takes one step along the gradients times `factor`, at `pace` times the learning rates, and clears them. */
  step(factor: number, pace = 1): void {
    const power1 = this.powers[0]! * BETA1;
    const power2 = this.powers[1]! * BETA2;
    this.powers[0] = power1;
    this.powers[1] = power2;
    let offset = 0;
    for (let k = 0; k < this.parameters.length; k++) {
      const gradient = this.gradients[k]!;
      const { learningRate, weightDecay } = this.rates[k]!;
      const rate = pace * learningRate;
      this.move(this.parameters[k]!, gradient, factor, rate, weightDecay, offset, 1 - power1, 1 - power2);
      gradient.fill(0);
      offset += gradient.length;
    }
  }

  private move(
    values: Float32Array,
    gradient: Float64Array,
    factor: number,
    rate: number,
    decay: number,
    offset: number,
    correction1: number,
    correction2: number,
  ): void {
    const { first, second } = this;
    for (let i = 0; i < values.length; i++) {
      const g = gradient[i]! * factor;
      const m = Math.fround(BETA1 * first[offset + i]! + (1 - BETA1) * g);
      const v = Math.fround(BETA2 * second[offset + i]! + (1 - BETA2) * g * g);
      first[offset + i] = m;
      second[offset + i] = v;
      const direction = m / correction1 / (Math.sqrt(v / correction2) + EPSILON);
      values[i] = values[i]! - rate * (direction + decay * values[i]!);
    }
  }
}
