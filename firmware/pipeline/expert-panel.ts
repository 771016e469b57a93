import type { AdapterSet, Interpreter } from '../../kernels/interpreter.ts';
import { argmax, softmaxInto } from '../../kernels/learning/softmax.ts';
import type { StreamStatistics } from '../../kernels/learning/stream-statistics.ts';
import { quantiseInto } from '../../kernels/signal/normalise.ts';
import type { ExpertName } from './options.ts';

/** Writes normalised features [features] into the model's input. */
export function writeInput(interpreter: Interpreter, z: Float32Array): void {
  const { data, scale, zeroPoint } = interpreter.inputs[0]!;
  if (data instanceof Float32Array) data.set(z);
  else quantiseInto(z, scale, zeroPoint, data);
}

/** What the experts say of a window: the frozen model behind different inputs and adapters. Allocates nothing. */
export class ExpertPanel {
  /** [experts × classes] */
  readonly probabilities: Float32Array;
  /** [experts] */
  readonly labels: Int16Array;
  readonly confidences: Float32Array;
  private readonly rows: readonly Float32Array[];
  private readonly renormalised: Float32Array;

  constructor(
    readonly names: readonly ExpertName[],
    classes: number,
    private readonly interpreter: Interpreter,
    private readonly statistics: StreamStatistics,
    private readonly adapters: AdapterSet,
  ) {
    const probabilities = new Float32Array(names.length * classes);
    this.probabilities = probabilities;
    this.labels = new Int16Array(names.length);
    this.confidences = new Float32Array(names.length);
    this.rows = names.map((_, e) => probabilities.subarray(e * classes, (e + 1) * classes));
    this.renormalised = new Float32Array(statistics.size);
  }

  /** @param z features normalised as at the factory */
  judge(z: Float32Array): void {
    for (let e = 0; e < this.names.length; e++) {
      this.invoke(this.names[e]!, z);
      const row = this.rows[e]!;
      softmaxInto(this.interpreter.logits, row);
      const label = argmax(row);
      this.labels[e] = label;
      this.confidences[e] = row[label]!;
    }
  }

  private invoke(name: ExpertName, z: Float32Array): void {
    const { interpreter } = this;
    switch (name) {
      case 'frozen':
        writeInput(interpreter, z);
        interpreter.invoke();
        break;
      case 'renormalised':
        this.statistics.renormalise(z, this.renormalised);
        writeInput(interpreter, this.renormalised);
        interpreter.invoke();
        break;
      case 'local':
        writeInput(interpreter, z);
        interpreter.invoke(this.adapters);
        break;
    }
  }
}
