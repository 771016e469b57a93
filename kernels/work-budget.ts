import { ModelError } from './errors.ts';
import type { ModelLimits } from './limits.ts';
import { Builtin } from './tflite/builtin-operator.ts';
import { elementsOf } from './tflite/elements.ts';
import type { Operator, TfliteModel } from './tflite/model.ts';
import { TensorType } from './tflite/tensor-type.ts';

/** A value that is read or written in plain code takes as long as a few multiply-adds of a compiled loop. */
const PER_VALUE = 4;
/** Multiply-adds of float32 and of int16 activations run in plain code. */
const PER_PLAIN_PRODUCT = 8;

/**
 * Adds up what one inference costs, in multiply-adds of the compiled kernels, and refuses a model that would keep the
 * machine for longer than `multiplyAddsMax` says. A few numbers of a hostile file can ask for hours.
 */
export class WorkBudget {
  private spent = 0;

  constructor(
    private readonly model: TfliteModel,
    private readonly limits: ModelLimits,
  ) {}

  /** What an operator costs by its tensors alone; before it is prepared, which may take as long. */
  chargeTensors(operator: Operator): void {
    let values = 0;
    for (const index of [...operator.inputs, ...operator.outputs]) {
      if (index >= 0) values += elementsOf(this.tensor(index));
    }
    this.charge(PER_VALUE * (values + this.pooled(operator)));
  }

  chargeProducts(operator: Operator, multiplyAdds: number): void {
    const input = operator.inputs[0] ?? -1;
    const compiled = input >= 0 && this.tensor(input).type === TensorType.int8;
    this.charge(compiled ? multiplyAdds : multiplyAdds * PER_PLAIN_PRODUCT);
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
