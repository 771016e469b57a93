import type { Operator, OptionValue } from './model.ts';
import { optionsType } from './options.ts';

/**
 * One use of a builtin operator in the plain form of a model, without intermediate tensors or custom options.
 *
 * @param opcodeIndex of the model's operator codes
 * @param inputs and `outputs`: tensor indices; -1 leaves an optional input out
 * @param options name of a table of `options.ts` and its fields; null where the operator has none
 */
export function builtinCall(
  opcodeIndex: number,
  inputs: readonly number[],
  outputs: readonly number[],
  options: readonly [name: string, fields: Readonly<Record<string, OptionValue>>] | null,
): Operator {
  return {
    opcodeIndex,
    inputs,
    outputs,
    intermediates: [],
    mutatingVariableInputs: [],
    options: options === null ? null : { type: optionsType(options[0]), fields: options[1] },
    customOptions: new Uint8Array(0),
  };
}
