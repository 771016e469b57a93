import type { AdapterSet } from '../../kernels/interpreter.ts';
import type { Context } from '../../kernels/learning/context.ts';
import type { LinearExpert } from '../../kernels/learning/linear-expert.ts';
import type { Mixture } from '../../kernels/learning/mixture.ts';
import type { StreamStatistics } from '../../kernels/learning/stream-statistics.ts';
import { quantiseInto } from '../../kernels/signal/normalise.ts';
import type { ExpertName } from './options.ts';
import type { Runner } from './runner.ts';
import type { TaskHead } from './tasks/contract.ts';

/** Writes normalised features [features] into the model's input. */
export function writeInput(runner: Runner, z: Float32Array): void {
  const { data, scale, zeroPoint } = runner.inputs[0]!;
  if (data instanceof Float32Array) data.set(z);
  else quantiseInto(z, scale, zeroPoint, data);
}

/** Adapter sets of the experts that have some. */
export interface ExpertAdapters {
  readonly local: AdapterSet | null;
  readonly shared: AdapterSet | null;
}

/** Experts that are no model behind an input; null where they are not among the experts. */
export interface OwnExperts {
  readonly linear: LinearExpert | null;
  readonly context: Context | null;
  /** Who among the others `context` believes. */
  readonly mixture: Mixture;
}

/**
 * What the experts say of a window: the frozen model behind different inputs and adapters, one inference each; a linear
 * classifier; and what windows before it make of all these, which is last. Allocates nothing.
 */
export class ExpertPanel {
  /** [experts × classes] */
  readonly probabilities: Float32Array;
  /** [experts × values] of the task's head. */
  readonly values: Float32Array;
  /** [experts] */
  readonly labels: Int16Array;
  readonly confidences: Float32Array;
  private readonly rows: readonly Float32Array[];
  private readonly valueRows: readonly Float32Array[];
  private readonly renormalised: Float32Array;

  constructor(
    readonly names: readonly ExpertName[],
    private readonly head: TaskHead,
    private readonly runner: Runner,
    private readonly statistics: StreamStatistics,
    /** Of `local` and `shared`; null where they are not among the experts. */
    private readonly adapters: ExpertAdapters,
    private readonly own: OwnExperts,
    /** Puts the right adapter into the engine, from what the frozen expert left there of a window. */
    private readonly chooseAdapter: ((index: number) => void) | null = null,
  ) {
    const { classes, values: width } = head;
    const probabilities = new Float32Array(names.length * classes);
    const values = new Float32Array(names.length * width);
    this.probabilities = probabilities;
    this.values = values;
    this.labels = new Int16Array(names.length);
    this.confidences = new Float32Array(names.length);
    this.rows = names.map((_, e) => probabilities.subarray(e * classes, (e + 1) * classes));
    this.valueRows = names.map((_, e) => values.subarray(e * width, (e + 1) * width));
    this.renormalised = new Float32Array(statistics.size);
  }

  /** @param z features normalised as at the factory, of window `index` */
  judge(z: Float32Array, index: number): void {
    for (let e = 0; e < this.names.length; e++) {
      const row = this.rows[e]!;
      this.ask(e, z, row);
      const label = this.head.label(row, this.valueRows[e]!, e);
      this.labels[e] = label;
      this.confidences[e] = label < 0 ? 0 : row[label]!;
      if (this.names[e] === 'frozen' && this.chooseAdapter !== null) this.chooseAdapter(index);
    }
  }

  /** What the frozen model says of a window that is not judged now: its row of `probabilities`. */
  frozen(z: Float32Array): Float32Array {
    this.ask(0, z, this.rows[0]!);
    return this.rows[0]!;
  }

  /** The window `index` was judged last, and the next one follows it. */
  follow(index: number): void {
    this.own.context?.follow(index, this.rows[this.rows.length - 1]!);
  }

  private ask(e: number, z: Float32Array, row: Float32Array): void {
    const { linear, context, mixture } = this.own;
    const name = this.names[e]!;
    if (name === 'linear') linear?.read(z, this.probabilities, row);
    else if (name === 'context') {
      mixture.combineFirst(e, this.probabilities, row);
      context?.combine(row, row);
    } else this.head.read(this.invoke(name, z), row, this.valueRows[e]!, e);
  }

  /** Returns the features that the model was given. */
  private invoke(name: Exclude<ExpertName, 'linear' | 'context'>, z: Float32Array): Float32Array {
    const model = this.runner;
    switch (name) {
      case 'frozen':
        writeInput(model, z);
        model.invoke();
        return z;
      case 'renormalised':
        this.statistics.renormalise(z, this.renormalised);
        writeInput(model, this.renormalised);
        model.invoke();
        return this.renormalised;
      case 'local':
      case 'shared':
        writeInput(model, z);
        model.invoke(this.adapters[name] ?? undefined);
        return z;
    }
  }
}
