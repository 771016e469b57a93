import { LinearClassifier } from './linear-classifier.ts';
import { type Logits, softmaxInto } from './softmax.ts';
import { Temperature } from './temperature.ts';

/** From scores near 0 and 1 to logits; what confidence they deserve in the end, the temperature learns. */
const SHARPNESS = 8;

/**
 * What the model's opinions are scaled with: half of them cost the ridge four times as much. On the windows that it was
 * trained on it is right more often than it deserves, and stacking asks for opinions from outside of the training
 * (Wolpert 1992, §2). Chosen on gas, seeds 5 to 14, of 0.25 to 1.
 */
const TRUST = 0.5;

export interface LinearExpertOptions {
  readonly features: number;
  /** Probabilities of the frozen model that are read beside the features: as many as classes, or 0. */
  readonly opinions: number;
  readonly classes: number;
  /** Share of the temperature's weights that returns to their prior with every label. */
  readonly share: number;
}

/**
 * The linear classifier as an expert: probabilities whose confidence is learned from labels too. Allocates nothing.
 *
 * It reads what the frozen model says of a window as features among the others (stacked generalisation: Wolpert 1992):
 * what is learned is when to contradict the model, and a machine as it was shipped for is judged as the model judges
 * it, however many labels of another time have come since.
 */
export class LinearExpert {
  readonly temperature: Temperature;
  private readonly classifier: LinearClassifier;
  private readonly scores: Logits;
  private readonly probabilities: Float32Array;
  /** Features, and behind them the frozen model's opinions. */
  private readonly x: Float32Array;

  constructor(private readonly options: LinearExpertOptions) {
    const { features, opinions, classes, share } = options;
    this.classifier = new LinearClassifier(features + opinions, classes);
    this.temperature = new Temperature(classes, share);
    this.scores = { data: new Float32Array(classes), scale: SHARPNESS, zeroPoint: 0 };
    this.probabilities = new Float32Array(classes);
    this.x = new Float32Array(features + opinions);
  }

  /**
   * @param z normalised features
   * @param said begins with the frozen model's probabilities of the window
   * @param out [classes], all alike before the first label
   */
  read(z: Float32Array, said: Float32Array, out: Float32Array): void {
    this.judge(z, said);
    this.temperature.apply(this.probabilities, out);
  }

  /** A label came: how sure it should have been first, as it did not know the label yet, then the window itself. */
  learn(z: Float32Array, said: Float32Array, label: number): void {
    this.judge(z, said);
    this.temperature.learn(this.probabilities, label);
    this.classifier.learn(this.x, label);
  }

  /** A window learned in an earlier run, in the order of then; the temperature comes from the snapshot. */
  restore(z: Float32Array, said: Float32Array, label: number): void {
    this.take(z, said);
    this.classifier.learn(this.x, label);
  }

  relabel(z: Float32Array, said: Float32Array, before: number, label: number): void {
    this.take(z, said);
    this.classifier.relabel(this.x, before, label);
  }

  private judge(z: Float32Array, said: Float32Array): void {
    this.take(z, said);
    this.classifier.scores(this.x, this.scores.data);
    softmaxInto(this.scores, this.probabilities);
  }

  private take(z: Float32Array, said: Float32Array): void {
    const { features, opinions } = this.options;
    this.x.set(z);
    for (let k = 0; k < opinions; k++) this.x[features + k] = TRUST * said[k]!;
  }
}
