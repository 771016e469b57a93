import * as assert from 'uvu/assert';
import { ModelError, type ModelErrorCode } from '../../kernels/errors.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { runModel } from './one-operator.ts';

/** Runs `attempt` and returns its ModelError's code; null when it succeeds. Any other error is thrown on. */
export function refusalOf(attempt: () => unknown): ModelErrorCode | null {
  try {
    attempt();
    return null;
  } catch (error) {
    if (error instanceof ModelError) return error.code;
    throw error;
  }
}

/** The model is refused, by its reader or when its operator is prepared, for a reason that `message` matches. */
export function refuses(model: TfliteModel, message: RegExp): void {
  assert.throws(() => runModel(model, []), message);
  assert.not.equal(
    refusalOf(() => runModel(model, [])),
    null,
  );
}
