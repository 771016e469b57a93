import { type ArenaRequest, planArena } from '../arena.ts';
import { findLogits, type Interpreter } from '../interpreter.ts';
import { type AdapterShape, learningStateBytes, trainedValues } from '../learning/learning-bytes.ts';
import type { TfliteModel } from '../tflite/model.ts';
import { elementsOf } from '../tflite/verify.ts';
import { carriers, type GradientReach } from './reach.ts';
import type { GradientNeed, GradientRule } from './rule.ts';

/** One operator on the way back. */
export interface PlannedStep {
  readonly operator: number;
  readonly rule: GradientRule;
  /** Ordinal of the adapter that learns here, −1 without one. */
  readonly point: number;
  readonly rank: number;
  /** Index among the slopes of dL/dy, and of dL/dx by position of the input, −1 where nobody asks. */
  readonly output: number;
  readonly inputs: readonly number[];
}

/** The way back from the loss to the adapters that learn, and its memory. */
export interface GradientPlan {
  /** In the order in which they run: operators backwards. */
  readonly steps: readonly PlannedStep[];
  /** Offset in the arena and float32 elements of each tensor's slopes; number 0 are those of the loss. */
  readonly slopes: readonly { readonly offset: number; readonly elements: number; readonly step: number }[];
  /** Offset of each step's scratch. */
  readonly scratch: readonly number[];
  /** Output channels of the widest layer. */
  readonly channelsMax: number;
  readonly memory: LearningMemory;
}

/** Bytes that learning takes beside the interpreter and the adapters, in the engine unless it says otherwise. */
export interface LearningMemory {
  /** Slopes and scratch, which share addresses by lifetime. */
  readonly arenaBytes: number;
  /** Weights as the gradient reads them, for as long as the model. */
  readonly lastingBytes: number;
  /** Activations that wait for the way back, at most: what they share with others is not taken off. */
  readonly activationBytes: number;
  /** What learns and its optimiser, outside of the engine. */
  readonly stateBytes: number;
}

/**
 * @param points ordinals of the adapter points that learn; all of `reach.points` or some of them
 * @param shape of their adapters
 */
export function planGradient(
  model: TfliteModel,
  interpreter: Interpreter,
  reach: GradientReach,
  points: readonly number[],
  { rank, learnsA }: AdapterShape,
): GradientPlan {
  const { operators, tensors } = model.subgraph;
  const ordinals = new Map(points.map((ordinal) => [interpreter.adapterPoints[ordinal]!.operator, ordinal]));
  const carrying = carriers(model, reach.producers, new Set(ordinals.keys()));
  const order = [...reach.rules.keys()].filter((at) => carrying.has(at)).sort((a, b) => b - a);
  const elements = (tensor: number): number => elementsOf(tensors[tensor]!);
  const logits = findLogits(model);
  const slopeOf = new Map([[logits, 0]]);
  const slopes = [{ elements: elements(logits), step: -1 }];
  const slopeFor = (tensor: number, step: number): number => {
    const known = slopeOf.get(tensor);
    if (known !== undefined) return known;
    slopeOf.set(tensor, slopes.length);
    return slopes.push({ elements: elements(tensor), step }) - 1;
  };
  const steps = order.map((operator, step): PlannedStep => {
    const { inputs, outputs } = operators[operator]!;
    const rule = reach.rules.get(operator)!;
    const point = ordinals.get(operator) ?? -1;
    const wanted = inputs.map((tensor, at) =>
      tensor >= 0 && rule.inputs.includes(at) && carrying.has(reach.producers[tensor]!) ? slopeFor(tensor, step) : -1,
    );
    const output = slopeOf.get(outputs[0]!)!;
    return { operator, rule, point, rank: point < 0 ? 0 : rank, output, inputs: wanted };
  });
  const requests: ArenaRequest[] = slopes.map(({ elements: count, step }, index) => {
    const last = steps.findIndex(({ output }) => output === index);
    return { bytes: 4 * count, first: step, last };
  });
  steps.forEach((step, at) => {
    requests.push({ bytes: step.rule.scratchBytes(needOf(step, learnsA)), first: at, last: at });
  });
  const arena = planArena(requests);
  const channelsMax = Math.max(
    0,
    ...steps.map(({ operator }) => tensors[operators[operator]!.outputs[0]!]!.shape.at(-1)!),
  );
  const seen = new Set(
    steps.flatMap(({ operator }) => [operators[operator]!.inputs[0]!, operators[operator]!.outputs[0]!]),
  );
  const values = points.reduce(
    (sum, ordinal) => sum + trainedValues(interpreter.adapterPoints[ordinal]!, { rank, learnsA }),
    0,
  );
  const lasting = steps.reduce((sum, step) => sum + step.rule.lastingBytes(needOf(step, learnsA)), 4 * channelsMax);
  return {
    steps,
    slopes: slopes.map((slope, index) => ({ ...slope, offset: arena.offsets[index]! })),
    scratch: steps.map((_, at) => arena.offsets[slopes.length + at]!),
    channelsMax,
    memory: {
      arenaBytes: arena.bytes,
      lastingBytes: lasting,
      stateBytes: learningStateBytes(values),
      activationBytes: [...seen].reduce((sum, tensor) => sum + 2 * elements(tensor), 0),
    },
  };
}

function needOf({ rank, inputs }: Pick<PlannedStep, 'rank' | 'inputs'>, learnsA: boolean): GradientNeed {
  return { rank, learnsA, passesOn: inputs.some((slope) => slope >= 0) };
}
