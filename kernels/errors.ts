/** Why a model is refused. The codes are stable: operators' scripts and other gateways match on them. */
export type ModelErrorCode =
  /** The bytes break the file format or contradict themselves. */
  | 'malformedModel'
  /** A valid file that uses something outside of what this engine runs (types, several subgraphs, sparsity). */
  | 'unsupportedModel'
  /** A valid file with an operator, or an option of an operator, that is not in the registry. */
  | 'unsupportedOperator'
  /** Larger than a limit of `ModelLimits`, or than the memory of the engine. */
  | 'modelTooLarge'
  /** Two good things that do not belong together: an adapter set and another model, a card and a tensor. */
  | 'modelMismatch';

/** Bad input from outside: a model that cannot be used. The message says what is wrong and what to do about it. */
export class ModelError extends Error {
  readonly code: ModelErrorCode;

  constructor(code: ModelErrorCode, message: string) {
    super(message);
    this.name = 'ModelError';
    this.code = code;
  }
}

/** Why an engine does not serve. */
export type EngineErrorCode =
  /** The machine cannot run the engine at all, whatever the model. */
  | 'engineUnavailable'
  /** It ran, and broke down. */
  | 'engineFailed';

/** The engine is at fault, not the model. */
export class EngineError extends Error {
  readonly code: EngineErrorCode;

  constructor(message: string, cause: unknown, code: EngineErrorCode = 'engineUnavailable') {
    super(message, { cause });
    this.name = 'EngineError';
    this.code = code;
  }
}

/** Refuses damaged bytes. After an `if`: texts are made for what is wrong only: a model has thousands of checks. */
export function malformed(message: string): never {
  throw new ModelError('malformedModel', `${message}; the file is damaged, export or send it again`);
}

/** Throws a `malformedModel` error unless `condition` holds; for checks that are made a few times. */
export function requireWellFormed(condition: boolean, message: string): asserts condition {
  if (!condition) malformed(message);
}
