import type { TensorView } from '../../../kernels/interpreter.ts';
import { argmax, softmaxInto } from '../../../kernels/learning/softmax.ts';
import type { ClassifierCard } from '../../../protocols/model-card.ts';
import { NO_THRESHOLDS, type TaskHead } from './contract.ts';

/** Which of the classes: a softmax over the logits. */
export class ClassificationHead implements TaskHead {
  readonly classes: number;
  readonly values = 0;
  readonly thresholds = NO_THRESHOLDS;

  constructor(
    { labels }: ClassifierCard,
    private readonly logits: TensorView,
  ) {
    this.classes = labels.length;
  }

  read(_z: Float32Array, probabilities: Float32Array): void {
    softmaxInto(this.logits, probabilities);
  }

  label(probabilities: Float32Array): number {
    return argmax(probabilities);
  }
}
