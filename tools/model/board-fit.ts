import type { BoardProfile } from '../../boards/schema.ts';
import { budgetOf, requireBudget } from '../../firmware/budget.ts';
import { NodeError } from '../../firmware/errors.ts';
import { ringShape, WORKER_HEAP_BYTES } from '../../firmware/io/compute.ts';
import { modelLimitsOf } from '../../firmware/model-limits.ts';
import { expertsFor, ownExpertNames } from '../../firmware/pipeline.ts';
import { ModelError } from '../../kernels/errors.ts';
import { createLearningInterpreter } from '../../kernels/gradient/learning-interpreter.ts';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultLearningOptions } from '../../kernels/learning/options.ts';
import type { ModelLimits } from '../../kernels/limits.ts';
import { ringBytes } from '../../kernels/ring.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { createEngine, type WasmEngine } from '../../kernels/wasm/engine.ts';
import type { ModelCard } from '../../protocols/model-card.ts';

/** Whether a node on a board takes a model. */
export interface BoardFit {
  readonly board: string;
  readonly fits: boolean;
  /** Why not, empty when it fits. */
  readonly reason: string;
  /** Memory of the engine with what learning keeps there; null when the engine refuses the model. */
  readonly arenaBytes: number | null;
  readonly arenaBytesMax: number;
  /** What learning takes beside the interpreter; null where the model does not learn or does not fit. */
  readonly learning: LearningFit | null;
}

/** Adapter points that learn, of those that a gradient reaches, and bytes for learning with the kept activations. */
export interface LearningFit {
  readonly points: number;
  readonly bytes: number;
  /** Of what learns and its optimiser. */
  readonly stateBytes: number;
}

/**
 * Tries a model on a board as a node would. Without a card it is not known whether the node will learn, and the memory
 * that this takes is counted in; what a window takes is not known either, and left out.
 */
export function fitOn(board: BoardProfile, bytes: Uint8Array, card: ModelCard | null): BoardFit {
  const limits = modelLimitsOf(board);
  const { name, arenaBytesMax } = board;
  let arenaBytes: number | null = null;
  let learning: LearningFit | null = null;
  try {
    const engine = createEngine({ memoryBytes: arenaBytesMax + KERNEL_DATA_BYTES });
    const model = readModel(bytes, limits);
    const isLearning = card === null || card.task === 'classification';
    ({ arenaBytes, learning } = arenaOf(model, engine, limits, isLearning));
    if (card !== null) requireBudget(budgetFor(board, bytes, card), name);
    return { board: name, fits: true, reason: '', arenaBytes, arenaBytesMax, learning };
  } catch (error) {
    if (!(error instanceof ModelError || error instanceof NodeError)) throw error;
    return { board: name, fits: false, reason: error.message, arenaBytes, arenaBytesMax, learning };
  }
}

function arenaOf(model: TfliteModel, engine: WasmEngine, limits: ModelLimits, learns: boolean) {
  if (!learns) {
    const { arenaBytes } = createInterpreter(model, { engine, limits, keepActivations: false });
    return { arenaBytes, learning: null };
  }
  const { points, rank, learnA } = defaultLearningOptions;
  const { interpreter, chosen } = createLearningInterpreter(model, engine, limits, {
    ...{ pointsMax: points, rank, learnsA: learnA > 0 },
  });
  const { arenaBytes, lastingBytes, activationBytes, stateBytes } = chosen.memory;
  return {
    arenaBytes: interpreter.arenaBytes + arenaBytes + lastingBytes,
    learning: { points: chosen.points.length, bytes: arenaBytes + lastingBytes + activationBytes, stateBytes },
  };
}

/** More than the kernels' static data, which lies in the engine's memory beside the arena. */
const KERNEL_DATA_BYTES = 1024 * 1024;

function budgetFor(board: BoardProfile, bytes: Uint8Array, card: ModelCard) {
  const { rows, channels } = ringShape(card, board.ringRows);
  return budgetOf({
    board,
    modelBytes: bytes.length,
    ringBytes: ringBytes(rows, channels),
    workerHeapBytes: WORKER_HEAP_BYTES,
    features: card.normalisation.transform.length,
    experts: expertsFor(card, ownExpertNames).length,
    classes: card.labels.length,
    broker: null,
  });
}
