import type { EngineNumerics, InferenceEngine, RunnableModel } from '../../../kernels/inference-engine.ts';
import type { TensorView } from '../../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../../kernels/limits.ts';
import { createInputs } from './random-inputs.ts';

export interface OutputComparison {
  readonly name: string;
  readonly elements: number;
  /** Values that differ, over all inputs, of inputs × elements. */
  readonly differing: number;
  readonly differingInputs: number;
  /** Largest difference, in quantisation steps of an integer output and as it is of a float one. */
  readonly largestDifference: number;
  /** Where and how they differ first; null when they do not. */
  readonly first: {
    readonly input: number;
    readonly index: number;
    readonly values: readonly [number, number];
  } | null;
}

/** What `model compare --json` prints. */
export interface CompareReport {
  readonly model: string;
  readonly engines: readonly [string, string];
  readonly numerics: readonly [EngineNumerics, EngineNumerics];
  readonly seed: number;
  readonly inputs: number;
  readonly identical: boolean;
  readonly outputs: readonly OutputComparison[];
}

/**
 * Runs two engines on the same random inputs, in order, so that streaming models are compared with their state.
 *
 * @throws ModelError, EngineError: one of them does not take the model
 */
export function compareEngines(
  path: string,
  bytes: Uint8Array,
  engines: readonly [InferenceEngine, InferenceEngine],
  { inputs, seed }: { readonly inputs: number; readonly seed: number },
): CompareReport {
  const models: RunnableModel[] = [];
  try {
    for (const engine of engines) models.push(engine.load(bytes, limits));
    const [one, other] = models as [RunnableModel, RunnableModel];
    const tallies = one.outputs.map((view, index) => new Tally(view, other.outputs[index]!));
    const draw = createInputs(seed);
    for (let input = 0; input < inputs; input++) {
      draw(one.inputs);
      one.inputs.forEach(({ data }, index) => {
        other.inputs[index]!.data.set(data);
      });
      one.invoke();
      other.invoke();
      for (const tally of tallies) tally.add(input);
    }
    const outputs = tallies.map((tally) => tally.result());
    return {
      model: path,
      engines: [engines[0].name, engines[1].name],
      numerics: [engines[0].numerics, engines[1].numerics],
      seed,
      inputs,
      identical: outputs.every(({ differing }) => differing === 0),
      outputs,
    };
  } finally {
    for (const model of models) model.close();
  }
}

/** Counts where one output differs. */
class Tally {
  private differing = 0;
  private differingInputs = 0;
  private largest = 0;
  private first: OutputComparison['first'] = null;

  constructor(
    private readonly one: TensorView,
    private readonly other: TensorView,
  ) {}

  add(input: number): void {
    const [a, b] = [this.one.data, this.other.data];
    const before = this.differing;
    for (let index = 0; index < a.length; index++) {
      const [left, right] = [a[index]!, b[index]!];
      if (Object.is(left, right)) continue;
      this.differing++;
      this.largest = Math.max(this.largest, Math.abs(left - right));
      this.first ??= { input, index, values: [left, right] };
    }
    if (this.differing > before) this.differingInputs++;
  }

  result(): OutputComparison {
    return {
      name: this.one.name,
      elements: this.one.data.length,
      differing: this.differing,
      differingInputs: this.differingInputs,
      largestDifference: this.largest,
      first: this.first,
    };
  }
}
