import type { AdapterSet, Interpreter } from '../interpreter.ts';
import type { TfliteModel } from '../tflite/model.ts';
import { planGradient } from './plan.ts';
import { findReach } from './reach.ts';
import type { LearningAdapter } from './rule.ts';

export interface GradientProgramOptions {
  readonly model: TfliteModel;
  /** Made with the activations of the program's operators kept. */
  readonly interpreter: Interpreter;
  readonly adapters: AdapterSet;
  /** Ordinals of the adapter points that learn; the gradient must reach them. */
  readonly points: readonly number[];
  /** Whether their A learns too; no, unless told. */
  readonly learnsA?: boolean;
  /** Of the same points of other adapters: the two never run at once, and slopes of the one lie over the other's. */
  readonly beside?: GradientProgram;
}

/**
 * The backward pass of a model, made once: from slopes of the loss, over the graph of operators with all its branches,
 * to the gradients of every adapter that learns. A run allocates nothing.
 */
export class GradientProgram {
  /** dL/dy of the logits, or of the output: to be written before each run. */
  readonly output: Float32Array;
  readonly adapters: readonly LearningAdapter[];
  /** Address of the slopes and of what a step needs for itself. */
  private readonly base: number;
  private readonly arenaBytes: number;
  private readonly float32: Float32Array;
  /** By step: [first, end) of the slopes that it is the first to add to. */
  private readonly fresh: readonly Int32Array[];
  private readonly steps: readonly (() => void)[];

  constructor({ model, interpreter, adapters, points, learnsA = false, beside }: GradientProgramOptions) {
    const { engine } = interpreter;
    const reach = findReach(model, interpreter);
    const stray = points.find((point) => !reach.points.includes(point));
    if (stray !== undefined) throw new RangeError(`no gradient reaches adapter point ${stray}`);
    const plan = planGradient(model, interpreter, reach, points, { rank: adapters.rank, learnsA });
    const { arenaBytes } = plan.memory;
    const fits = beside !== undefined && arenaBytes <= beside.arenaBytes;
    const base = fits ? beside.base : engine.allocate(arenaBytes);
    this.base = base;
    this.arenaBytes = arenaBytes;
    const zeros = engine.allocate(4 * plan.channelsMax);
    const at = (slope: number): number => (slope < 0 ? -1 : (base + plan.slopes[slope]!.offset) / 4);
    this.float32 = engine.float32;
    this.output = engine.float32.subarray(at(0), at(0) + plan.slopes[0]!.elements);
    const learning = new Map(points.map((point) => [point, learningAdapter(interpreter, adapters, point, learnsA)]));
    this.adapters = points.map((point) => learning.get(point)!);
    this.fresh = plan.steps.map((_, index) =>
      Int32Array.from(
        plan.slopes.flatMap(({ step, elements }, slope) => (step === index ? [at(slope), at(slope) + elements] : [])),
      ),
    );
    this.steps = plan.steps.map((step, index) => {
      return step.rule.bind({
        output: at(step.output),
        inputs: step.inputs.map(at),
        scratch: base + plan.scratch[index]!,
        zeros,
        lasting: (bytes) => engine.allocate(bytes),
        stored: (tensor) => interpreter.stored(tensor),
        adapter: learning.get(step.point) ?? null,
      });
    });
  }

  /** Adds the gradients of the window that the interpreter saw last, of which `output` holds the slopes. */
  run(): void {
    for (let index = 0; index < this.steps.length; index++) {
      const ranges = this.fresh[index]!;
      for (let i = 0; i < ranges.length; i += 2) this.float32.fill(0, ranges[i]!, ranges[i + 1]!);
      this.steps[index]!();
    }
  }
}

function learningAdapter(
  interpreter: Interpreter,
  { points, rank, scaling }: AdapterSet,
  at: number,
  learnsA: boolean,
): LearningAdapter {
  const point = interpreter.adapterPoints[at]!;
  return {
    ...{ point, factors: points[at]!, rank, scaling },
    loraBGradient: new Float64Array(point.outFeatures * rank),
    biasGradient: new Float64Array(point.outFeatures),
    loraAGradient: new Float64Array(learnsA ? rank * point.inFeatures : 0),
  };
}
