import { ModelError, type ModelErrorCode } from '../../kernels/errors.ts';

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
