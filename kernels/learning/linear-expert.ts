import { LinearClassifier } from './linear-classifier.ts';
import { type Logits, softmaxInto } from './softmax.ts';
import { Temperature } from './temperature.ts';

/** From scores near 0 and 1 to logits; what confidence they deserve in the end, the temperature learns. */
const SHARPNESS = 8;

/** The linear classifier as an expert: probabilities whose confidence is learned from labels too. Allocates nothing. */
export class LinearExpert {
  readonly temperature: Temperature;
  private readonly classifier: LinearClassifier;
  private readonly scores: Logits;
  private readonly probabilities: Float32Array;

  constructor(features: number, classes: number, share: number) {
    this.classifier = new LinearClassifier(features, classes);
    this.temperature = new Temperature(classes, share);
    this.scores = { data: new Float32Array(classes), scale: SHARPNESS, zeroPoint: 0 };
    this.probabilities = new Float32Array(classes);
  }

  /** @param z normalised features. @param out [classes], all alike before the first label */
  read(z: Float32Array, out: Float32Array): void {
    this.judge(z);
    this.temperature.apply(this.probabilities, out);
  }

  /** A label came: how sure it should have been first, as it did not know the label yet, then the window itself. */
  learn(z: Float32Array, label: number): void {
    this.judge(z);
    this.temperature.learn(this.probabilities, label);
    this.classifier.learn(z, label);
  }

  /** A window learned in an earlier run, in the order of then; the temperature comes from the snapshot. */
  restore(z: Float32Array, label: number): void {
    this.classifier.learn(z, label);
  }

  relabel(z: Float32Array, before: number, label: number): void {
    this.classifier.relabel(z, before, label);
  }

  private judge(z: Float32Array): void {
    this.classifier.scores(z, this.scores.data);
    softmaxInto(this.scores, this.probabilities);
  }
}
