import { TensorType, tensorTypeName } from '../tflite/tensor-type.ts';
import type { WasmEngine } from '../wasm/engine.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';

/** Memory as elements of a type that pools and means work on, with the shift from bytes to elements. */
export interface TypedMemory {
  readonly memory: Int8Array | Int16Array | Float32Array;
  readonly shift: 0 | 1 | 2;
}

/** @throws ModelError for another type than int8, int16 and float32. */
export function typedMemory(context: PrepareContext, { tensor }: OperatorTensor): TypedMemory {
  const memory = memoryOf(context.engine, tensor.type);
  return (
    memory ?? context.refuse(`takes int8, int16 or float32 and has ${tensorTypeName(tensor.type)} (${tensor.name})`)
  );
}

function memoryOf(engine: WasmEngine, type: number): TypedMemory | null {
  switch (type) {
    case TensorType.int8:
      return { memory: engine.int8, shift: 0 };
    case TensorType.int16:
      return { memory: engine.int16, shift: 1 };
    case TensorType.float32:
      return { memory: engine.float32, shift: 2 };
    default:
      return null;
  }
}

/** Values of a type whose sum always fits int32, so that it may be taken without looking. */
export function summandsMax(type: number): number {
  return type === TensorType.int16 ? 65_535 : 8_388_607;
}
