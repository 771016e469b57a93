import {
  HALF,
  HIGHEST,
  INPUT,
  KIND_SUM,
  LOWEST,
  MULTIPLIERS_HIGH,
  MULTIPLIERS_LOW,
  OPERAND_B,
  OUT_WIDE,
  OUTPUT,
  SHIFT,
  ZERO_POINT,
} from '../../wasm/assembly/records.ts';
import { noBorder } from '../../wide-layout.ts';
import type { AddConstants } from '../add-constants.ts';
import type { PreparedOperator } from '../operator.ts';
import type { OperatorTensor } from '../prepare-context.ts';
import { writeRows } from './rows.ts';

/** Bits of the low part of a multiplier, as the kernel has it. */
const LOW_BITS = 11;

export interface SumOperands {
  readonly a: OperatorTensor;
  readonly b: OperatorTensor;
  readonly output: OperatorTensor;
}

/** ADD or SUB of two computed int8 tensors of one shape, with XNNPACK's constants, on the compiled kernels. */
export function prepareCompiledSum(
  { a, b, output }: SumOperands,
  constants: AddConstants,
  [lowest, highest]: readonly [number, number],
): PreparedOperator {
  const { aMultiplier, bMultiplier, shift, zeroPoint } = constants;
  const demand = ({ index }: OperatorTensor) => ({ tensor: index, border: noBorder, flat: false });
  return {
    multiplyAdds: 0,
    adaptable: false,
    wide: { inputs: [demand(a), demand(b)], output: true },
    bind: (addresses) => {
      const [first, second, to] = [addresses.wide(a.index), addresses.wide(b.index), addresses.output(output.index)];
      return {
        adapterPoint: null,
        records: [
          {
            kind: KIND_SUM,
            write: (record) => {
              writeRows(record, output.elements, { output: to, a: first, b: second })
                .int(INPUT, first.address)
                .int(OPERAND_B, second.address)
                .int(OUTPUT, to.address)
                .int(OUT_WIDE, to.layout === null ? 0 : 1)
                .int(MULTIPLIERS_HIGH, pair(aMultiplier >> LOW_BITS, bMultiplier >> LOW_BITS))
                .int(MULTIPLIERS_LOW, pair(lowPart(aMultiplier), lowPart(bMultiplier)))
                .int(HALF, 1 << (shift - 1))
                .int(SHIFT, shift)
                .int(LOWEST, lowest - zeroPoint)
                .int(HIGHEST, highest - zeroPoint)
                .int(ZERO_POINT, zeroPoint);
            },
          },
        ],
      };
    },
  };
}

function lowPart(multiplier: number): number {
  return multiplier & ((1 << LOW_BITS) - 1);
}

/** Two int16 in one word, the first in the low half. */
function pair(first: number, second: number): number {
  return (first & 0xffff) | (second << 16);
}
