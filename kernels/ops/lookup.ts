import { INPUT, KIND_LOOKUP, OUT_WIDE, OUTPUT, TABLE } from '../wasm/assembly/records.ts';
import { writeRows } from './compiled/rows.ts';
import { type PreparedOperator, plainOperator } from './operator.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';

/** Bytes of a table of 256 values, int8 or int16. */
const TABLE_BYTES = 512;

/**
 * An elementwise int8 function as a table of its 256 values: exact, and as fast for an exponential as for a copy.
 *
 * @param value result for the input `q`, −128 to 127, already within −128 to 127
 */
export function prepareLookup(
  context: PrepareContext,
  input: OperatorTensor,
  output: OperatorTensor,
  value: (q: number) => number,
): PreparedOperator {
  const table = Int8Array.from({ length: 256 }, (_, index) => value(index - 128));
  return context.isCompiled && context.isInt8(input, output)
    ? prepareCompiledLookup(context, input, output, table)
    : preparePlainLookup(context, input, output, table);
}

function preparePlainLookup(
  { engine }: PrepareContext,
  input: OperatorTensor,
  output: OperatorTensor,
  table: Int8Array,
): PreparedOperator {
  const memory = engine.int8;
  const count = input.elements;
  return plainOperator((addresses) => {
    const from = addresses.tensor(input.index);
    const to = addresses.tensor(output.index);
    return () => {
      for (let i = 0; i < count; i++) memory[to + i] = table[memory[from + i]! + 128]!;
    };
  });
}

function prepareCompiledLookup(
  context: PrepareContext,
  input: OperatorTensor,
  output: OperatorTensor,
  table: Int8Array,
): PreparedOperator {
  const { int8, int16 } = context.engine;
  const address = context.persistent(TABLE_BYTES);
  return {
    multiplyAdds: 0,
    adaptable: false,
    wide: { inputs: [], output: true },
    bind: (addresses) => {
      const to = addresses.output(output.index);
      if (to.layout === null) int8.set(table, address);
      else {
        const { zeroPoint } = context.quantisation(output);
        for (let index = 0; index < 256; index++) int16[address / 2 + index] = table[index]! - zeroPoint;
      }
      return {
        adapterPoint: null,
        records: [
          {
            kind: KIND_LOOKUP,
            write: (record) => {
              writeRows(record, input.elements, { output: to })
                .int(INPUT, addresses.tensor(input.index))
                .int(OUTPUT, to.address)
                .int(OUT_WIDE, to.layout === null ? 0 : 1)
                .int(TABLE, address);
            },
          },
        ],
      };
    },
  };
}
