import { ModelError } from './errors.ts';
import type { ModelLimits } from './limits.ts';
import { Builtin } from './tflite/builtin-operator.ts';
import { elementsOf } from './tflite/elements.ts';
import type { Operator, TfliteModel } from './tflite/model.ts';
import { TensorType } from './tflite/tensor-type.ts';

/** Operators with compiled kernels, for int8 in the default numerics. */
const COMPILED: ReadonlySet<number> = new Set([
  Builtin.add,
  Builtin.averagePool2d,
  Builtin.conv2d,
  Builtin.depthwiseConv2d,
  Builtin.fullyConnected,
  Builtin.maxPool2d,
  Builtin.sub,
]);

/** Costs of one product and of one value read or written, in multiply-adds of a compiled loop (0.2 ns on a PC). */
interface Costs {
  readonly product: number;
  readonly value: number;
}

const COMPILED_COSTS: Costs = { product: 1, value: 4 };
/** Measured over all operators: 1 to 5 ns a product, 10 to 60 ns a value, the exponentials of float32 at the top. */
const PLAIN_COSTS: Costs = { product: 8, value: 32 };

/**
 * Adds up what one inference costs, in multiply-adds of the compiled kernels, and refuses a model that would keep the
 * machine for longer than `multiplyAddsMax` says. A few numbers of a hostile file can ask for hours.
 */
export class WorkBudget {
  private spent = 0;

  /** @param compiled whether operators that have compiled kernels use them */
  constructor(
    private readonly model: TfliteModel,
    private readonly limits: ModelLimits,
    private readonly compiled: boolean,
  ) {}

  /** What an operator costs by its tensors alone; before it is prepared, which may take as long. */
  chargeTensors(operator: Operator): void {
    let values = 0;
    for (const index of [...operator.inputs, ...operator.outputs]) {
      if (index >= 0) values += elementsOf(this.tensor(index));
    }
    this.charge(this.costsOf(operator).value * (values + this.pooled(operator)));
  }

  chargeProducts(operator: Operator, multiplyAdds: number): void {
    this.charge(this.costsOf(operator).product * multiplyAdds);
  }

  private costsOf({ opcodeIndex, inputs }: Operator): Costs {
    const { builtin } = this.model.operatorCodes[opcodeIndex]!;
    const input = inputs[0] ?? -1;
    const compiled =
      this.compiled && COMPILED.has(builtin) && input >= 0 && this.tensor(input).type === TensorType.int8;
    return compiled ? COMPILED_COSTS : PLAIN_COSTS;
  }

  /** Values that a pool reads: its window, as far as it lies inside the image, at each place of the output. */
  private pooled({ opcodeIndex, inputs, outputs, options }: Operator): number {
    const { builtin } = this.model.operatorCodes[opcodeIndex]!;
    if (builtin !== Builtin.averagePool2d && builtin !== Builtin.maxPool2d) return 0;
    const [input, output] = [inputs[0] ?? -1, outputs[0] ?? -1];
    if (input < 0 || output < 0) return 0;
    const [, height = 1, width = 1] = this.tensor(input).shape;
    const { filterHeight = 1, filterWidth = 1 } = options?.fields ?? {};
    const window = Math.min(height, Number(filterHeight)) * Math.min(width, Number(filterWidth));
    return window * elementsOf(this.tensor(output));
  }

  private tensor(index: number) {
    return this.model.subgraph.tensors[index]!;
  }

  private charge(work: number): void {
    this.spent += work;
    const { multiplyAddsMax } = this.limits;
    // Written so that NaN is refused too.
    if (this.spent <= multiplyAddsMax) return;
    throw new ModelError(
      'modelTooLarge',
      `one inference takes more than the ${multiplyAddsMax} multiply-adds that are allowed: use a smaller model`,
    );
  }
}
