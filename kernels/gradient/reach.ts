import { findLogits, type Interpreter } from '../interpreter.ts';
import { defaultModelLimits } from '../limits.ts';
import { type Preparation, PrepareContext } from '../ops/prepare-context.ts';
import { operatorName } from '../tflite/builtin-operator.ts';
import type { TfliteModel } from '../tflite/model.ts';
import type { GradientRule } from './rule.ts';
import { gradientRules } from './rules.ts';

/** How far the gradient of the loss gets in a model. */
export interface GradientReach {
  /** By operator, of those that it can go back through. */
  readonly rules: ReadonlyMap<number, GradientRule>;
  /** Ordinals of the adapter points whose whole gradient arrives, in execution order. */
  readonly points: readonly number[];
  /** Operator that computes a tensor, −1 for constants and inputs. */
  readonly producers: Int32Array;
}

/**
 * Follows the gradient from the logits (or the output of a model without a SOFTMAX) back over the graph of operators.
 * A tensor has its whole gradient when every reader that the loss depends on hands it back; what lies before one that
 * does not (its sum would lack a term) cannot learn.
 */
export function findReach(model: TfliteModel, interpreter: Interpreter): GradientReach {
  const { operators, tensors } = model.subgraph;
  const producers = new Int32Array(tensors.length).fill(-1);
  operators.forEach(({ outputs }, at) => {
    for (const tensor of outputs) producers[tensor] = at;
  });
  const logits = findLogits(model);
  const matters = leadsTo(model, producers, logits);
  const pointOf = new Map(interpreter.adapterPoints.map(({ operator }, ordinal) => [operator, ordinal]));
  const carries = carriers(model, producers, new Set(pointOf.keys()));
  const rules = new Map<number, GradientRule>();
  const whole = new Set([logits]);
  const readers = readersOf(model, matters);
  const handsBack = (reader: number, tensor: number): boolean => {
    const { inputs } = operators[reader]!;
    const rule = rules.get(reader);
    return rule !== undefined && inputs.every((input, at) => input !== tensor || rule.inputs.includes(at));
  };
  for (let at = operators.length - 1; at >= 0; at--) {
    const operator = operators[at]!;
    const [output] = operator.outputs;
    if (!matters.has(at) || !carries.has(at) || output === undefined || operator.outputs.length !== 1) continue;
    const arrives = output === logits || readers[output]!.every((reader) => handsBack(reader, output));
    const maker = gradientRules.get(model.operatorCodes[operator.opcodeIndex]!.builtin);
    if (!arrives || maker === undefined) continue;
    whole.add(output);
    const ordinal = pointOf.get(at);
    const point = ordinal === undefined ? null : interpreter.adapterPoints[ordinal]!;
    const rule = maker(contextOf(model, interpreter, at), point);
    if (rule !== null) rules.set(at, rule);
  }
  const points = [...pointOf].filter(([operator]) => rules.has(operator)).map(([, ordinal]) => ordinal);
  return { rules, points, producers };
}

/** Operators that `tensor` depends on. */
function leadsTo({ subgraph }: TfliteModel, producers: Int32Array, tensor: number): Set<number> {
  const found = new Set<number>();
  const visit = (at: number): void => {
    if (at < 0 || found.has(at)) return;
    found.add(at);
    for (const input of subgraph.operators[at]!.inputs) if (input >= 0) visit(producers[input]!);
  };
  visit(producers[tensor]!);
  return found;
}

/** Operators whose outputs depend on one of `sources`, themselves included. */
export function carriers(
  { subgraph }: TfliteModel,
  producers: Int32Array,
  sources: ReadonlySet<number>,
): ReadonlySet<number> {
  const carrying = new Set<number>();
  subgraph.operators.forEach(({ inputs }, at) => {
    const isFed = inputs.some((input) => input >= 0 && carrying.has(producers[input]!));
    if (sources.has(at) || isFed) carrying.add(at);
  });
  return carrying;
}

function readersOf({ subgraph }: TfliteModel, among: ReadonlySet<number>): number[][] {
  const readers: number[][] = subgraph.tensors.map(() => []);
  subgraph.operators.forEach(({ inputs }, at) => {
    if (!among.has(at)) return;
    for (const input of new Set(inputs)) if (input >= 0) readers[input]!.push(at);
  });
  return readers;
}

/** What an operator's rule may ask about it: all of it was checked when the interpreter was made. */
function contextOf(model: TfliteModel, { engine, numerics }: Interpreter, operator: number): PrepareContext {
  const preparation: Preparation = {
    ...{ model, engine, limits: defaultModelLimits, numerics, packing: 'fast', mark: engine.usedBytes },
    ...{ constants: new Map(), tables: new Map(), folded: new Map(), spare: { bytes: 0 } },
  };
  const code = model.operatorCodes[model.subgraph.operators[operator]!.opcodeIndex]!;
  return new PrepareContext(operator, operatorName(code), preparation);
}
