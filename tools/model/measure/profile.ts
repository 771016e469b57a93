import { createInterpreter, type Interpreter } from '../../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../../kernels/limits.ts';
import { operatorName } from '../../../kernels/tflite/builtin-operator.ts';
import { readModel } from '../../../kernels/tflite/reader.ts';
import { createEngine } from '../../../kernels/wasm/engine.ts';
import { createInputs } from './random-inputs.ts';
import { monotonicNs, Sampler, timedBy } from './sampler.ts';

export interface OperatorTiming {
  /** In the subgraph. */
  readonly operator: number;
  readonly name: string;
  readonly us: number;
  /** Of the sum over all operators. */
  readonly share: number;
  readonly multiplyAdds: number;
  /** Null for an operator that multiplies nothing. */
  readonly macsPerSecond: number | null;
}

/** What `model profile --json` prints; medians. */
export interface ProfileReport {
  readonly model: string;
  readonly engine: 'wasm' | 'plain';
  /** One whole inference, which may join operators that are timed apart here. */
  readonly invokeUs: number;
  readonly operatorsUs: number;
  readonly operators: readonly OperatorTiming[];
}

/**
 * Times each operator by itself, again and again on the same values, so with everything it touches in the nearest
 * cache; all operators in turn, `runs` times round.
 */
export function profileModel(path: string, bytes: Uint8Array, kind: 'wasm' | 'plain', runs: number): ProfileReport {
  const model = readModel(bytes, limits);
  const engine = createEngine({ kernels: kind === 'plain' ? 'plain' : 'compiled' });
  const interpreter = createInterpreter(model, { engine, limits, keepActivations: false });
  createInputs(0)(interpreter.inputs);
  interpreter.invoke();
  const whole = new Sampler(timedBy(monotonicNs, () => interpreter.invoke()));
  const steps = model.subgraph.operators.map((_, operator) => samplerOf(interpreter, operator));
  for (let run = 0; run < runs; run++) {
    // Values become what an inference makes of them again, whatever a repeated operator did to its own.
    interpreter.invoke();
    whole.take();
    for (const sampler of steps) sampler.take();
  }
  const timesUs = steps.map((sampler) => sampler.quantileNs(0.5) / 1e3);
  const sum = timesUs.reduce((total, us) => total + us, 0);
  const { operatorCodes, subgraph } = model;
  return {
    model: path,
    engine: kind,
    invokeUs: digits(whole.quantileNs(0.5) / 1e3),
    operatorsUs: digits(sum),
    operators: timesUs.map((us, operator) => {
      const multiplyAdds = interpreter.multiplyAddsOf(operator);
      return {
        operator,
        name: operatorName(operatorCodes[subgraph.operators[operator]!.opcodeIndex]!),
        us: digits(us),
        share: Number((us / sum).toFixed(4)),
        multiplyAdds,
        macsPerSecond: multiplyAdds === 0 ? null : Math.round((multiplyAdds / us) * 1e6),
      };
    }),
  };
}

function samplerOf(interpreter: Interpreter, operator: number): Sampler {
  return new Sampler(timedBy(monotonicNs, () => interpreter.runOperator(operator)));
}

function digits(us: number): number {
  return Number(us.toFixed(3));
}
