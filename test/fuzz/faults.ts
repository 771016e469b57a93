import type { OperatorRegistry } from '../../kernels/ops/operator.ts';
import { type OperatorKernel, plainOperator } from '../../kernels/ops/operator.ts';
import { allOperators } from '../../kernels/ops/registry.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';

/** What hoards beyond the life of an interpreter. */
const hoard: Uint8Array[] = [];
const HOARD_BYTES = 64 * 1024 * 1024;
let runs = 0;

const running =
  (run: (memory: { int8: Int8Array; at: number }) => void): OperatorKernel['prepare'] =>
  (context) => {
    const output = context.output();
    const { int8 } = context.engine;
    return plainOperator((addresses) => () => run({ int8, at: addresses.tensor(output.index) }));
  };

/** FULLY_CONNECTED as it must not be: the fuzzer has to find each. */
const FAULTS = {
  none: null,
  hang: running(() => {
    for (;;) runs++;
  }),
  typeError: running(() => {
    (undefined as unknown as () => void)();
  }),
  crash: running(() => process.kill(process.pid, 'SIGSEGV')),
  hoard: running(() => {
    if (hoard.length === 0) hoard.push(new Uint8Array(HOARD_BYTES).fill(1));
  }),
  differs: running(({ int8, at }) => {
    int8[at] = runs++;
  }),
  rangeError: () => {
    throw new RangeError('Invalid typed array length');
  },
} satisfies Record<string, OperatorKernel['prepare'] | null>;

export type Fault = keyof typeof FAULTS;

export const faultNames = Object.keys(FAULTS) as Fault[];

/** The engine's operators, one of them with a fault. */
export function operatorsWith(fault: Fault): OperatorRegistry {
  const prepare = FAULTS[fault];
  const code = Builtin.fullyConnected;
  return prepare === null ? allOperators : new Map([...allOperators, [code, { code, prepare }]]);
}
