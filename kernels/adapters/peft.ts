import { type NamedTensor, readTensorFile, TensorFileError, writeTensorFile } from './safetensors.ts';

/** One adapted layer in real numbers: y += scaling × B (A x) + bias. */
export interface PeftLayer {
  /** Name of the tensor that the layer computes, as the model file has it. */
  readonly name: string;
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** Height and width of a convolution's filter; null for a dense layer. */
  readonly filter: readonly [number, number] | null;
  /** [rank × in]; of a convolution [rank × height × width × channels], as its weights are. */
  readonly loraA: Float32Array;
  /** [out × rank] */
  readonly loraB: Float32Array;
  /** [out] */
  readonly bias: Float32Array;
}

export interface PeftAdapter {
  readonly rank: number;
  /** LoRA's alpha / rank. */
  readonly scaling: number;
  readonly layers: readonly PeftLayer[];
  /** Ours alone: what A was drawn from, the adapter's name, where in the space of task embeddings it belongs. */
  readonly notes: Readonly<Record<string, string>>;
}

const PREFIX = 'base_model.model.';
const CONFIG = 'adapter_config';
const RANK_MAX = 64;

/** Hugging Face PEFT's `adapter_config.json` of an adapter. */
export function peftConfig({ rank, scaling, layers }: Omit<PeftAdapter, 'notes'>): Record<string, unknown> {
  return {
    ...{ peft_type: 'LORA', task_type: null, r: rank, lora_alpha: scaling * rank, lora_dropout: 0 },
    ...{ target_modules: layers.map(({ name }) => moduleOf(name)), bias: 'none', lora_bias: true },
    ...{ fan_in_fan_out: false, inference_mode: true, init_lora_weights: true },
  };
}

/**
 * An adapter as safetensors with the names of Hugging Face PEFT (`get_peft_model_state_dict`): for each layer
 * `base_model.model.LAYER.lora_A.weight` [rank, in], `….lora_B.weight` [out, rank] and `….lora_B.bias` [out], which
 * PEFT multiplies by the scaling as well (`lora_bias`). Filters of convolutions have PEFT's order, [rank, channels,
 * height, width] and [out, rank, 1, 1]. The configuration is in the metadata, since it is a file of its own with PEFT.
 */
export function writePeft(adapter: PeftAdapter): Uint8Array {
  const { rank, scaling, layers, notes } = adapter;
  const tensors = layers.flatMap(({ name, inFeatures, outFeatures, filter, loraA, loraB, bias }) => {
    const base = PREFIX + moduleOf(name);
    const a = filter === null ? loraA : channelsFirst(loraA, inFeatures, filter);
    const channels = filter === null ? inFeatures : inFeatures / (filter[0] * filter[1]);
    const [shapeA, shapeB] =
      filter === null
        ? [
            [rank, inFeatures],
            [outFeatures, rank],
          ]
        : [
            [rank, channels, ...filter],
            [outFeatures, rank, 1, 1],
          ];
    return [
      floats(`${base}.lora_A.weight`, shapeA, a),
      floats(`${base}.lora_B.weight`, shapeB, loraB),
      floats(
        `${base}.lora_B.bias`,
        [outFeatures],
        bias.map((value) => value / scaling),
      ),
    ];
  });
  return writeTensorFile({
    metadata: { format: 'pt', [CONFIG]: JSON.stringify(peftConfig(adapter)), ...notes },
    tensors,
  });
}

/**
 * The opposite, also of a file that PEFT wrote and of which the configuration was read beside it.
 *
 * @param config `adapter_config.json`; what the metadata hold when left out
 * @throws TensorFileError
 */
export function readPeft(bytes: Uint8Array, config?: unknown): PeftAdapter {
  const { metadata, tensors } = readTensorFile(bytes);
  const { [CONFIG]: own, format: _, ...notes } = metadata;
  const { rank, scaling } = ranksOf(config ?? parsed(own));
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const suffix = '.lora_A.weight';
  const modules = [...byName.keys()].filter((name) => name.startsWith(PREFIX) && name.endsWith(suffix));
  const known = new Set<string>();
  const take = (name: string): NamedTensor | undefined => {
    known.add(name);
    return byName.get(name);
  };
  const layers = modules.map((module): PeftLayer => {
    const base = module.slice(0, -suffix.length);
    const a = take(module)!;
    const b = take(`${base}.lora_B.weight`);
    const bias = take(`${base}.lora_B.bias`);
    if (b === undefined || a.shape[0] !== rank || b.shape[1] !== rank || ![2, 4].includes(a.shape.length)) {
      throw new TensorFileError(`the adapter of ${base} has no factors of rank ${rank}`);
    }
    const outFeatures = b.shape[0]!;
    const inFeatures = a.shape.slice(1).reduce((product, n) => product * n, 1);
    const filter = a.shape.length === 4 ? ([a.shape[2]!, a.shape[3]!] as const) : null;
    const loraA = filter === null ? valuesOf(a) : channelsLast(valuesOf(a), inFeatures, filter);
    const loraB = valuesOf(b);
    const biasValues = bias === undefined ? new Float32Array(outFeatures) : valuesOf(bias).map((v) => v * scaling);
    if (loraB.length !== outFeatures * rank || biasValues.length !== outFeatures) {
      throw new TensorFileError(`the factors of ${base} do not fit each other`);
    }
    return { name: base.slice(PREFIX.length), inFeatures, outFeatures, filter, loraA, loraB, bias: biasValues };
  });
  const stray = tensors.find(({ name }) => !known.has(name));
  if (stray !== undefined) throw new TensorFileError(`${JSON.stringify(stray.name)} is not a part of a LoRA adapter`);
  if (layers.length === 0) throw new TensorFileError('there is no adapter in it');
  return { rank, scaling, layers, notes };
}

/** Names of tensors have slashes where those of modules have dots. */
export function moduleOf(name: string): string {
  return name.replace(/[/;]/g, '.');
}

function ranksOf(config: unknown): { rank: number; scaling: number } {
  const { r, lora_alpha: alpha, use_rslora: rooted, peft_type: type } = Object(config) as Record<string, unknown>;
  const sound = typeof r === 'number' && Number.isInteger(r) && r >= 1 && r <= RANK_MAX && typeof alpha === 'number';
  if (!sound || !Number.isFinite(alpha) || type !== 'LORA') {
    throw new TensorFileError(`its configuration is not one of a LoRA adapter of rank 1 to ${RANK_MAX}`);
  }
  return { rank: r, scaling: alpha / (rooted === true ? Math.sqrt(r) : r) };
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}

function floats(name: string, shape: readonly number[], values: Float32Array): NamedTensor {
  const data = new Uint8Array(values.length * 4);
  const view = new DataView(data.buffer);
  values.forEach((value, i) => {
    view.setFloat32(i * 4, value, true);
  });
  return { name, dtype: 'F32', shape, data };
}

function valuesOf({ name, dtype, data }: NamedTensor): Float32Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const bits = new Uint32Array(1);
  const one = new Float32Array(bits.buffer);
  const bfloat = (i: number): number => {
    bits[0] = view.getUint16(i * 2, true) << 16;
    return one[0]!;
  };
  const read = { F32: (i: number) => view.getFloat32(i * 4, true), BF16: bfloat }[dtype];
  if (read === undefined) throw new TensorFileError(`${JSON.stringify(name)} is ${dtype}; F32 and BF16 are read`);
  const values = Float32Array.from({ length: data.length / (dtype === 'F32' ? 4 : 2) }, (_, i) => read(i));
  if (!values.every(Number.isFinite)) throw new TensorFileError(`${JSON.stringify(name)} holds what is not a number`);
  return values;
}

type Filter = readonly [number, number];

/** [rank × height × width × channels] to [rank × channels × height × width]. */
function channelsFirst(values: Float32Array, inFeatures: number, [height, width]: Filter): Float32Array {
  const [places, channels] = [height * width, inFeatures / (height * width)];
  return values.map((_, at) => {
    const [r, rest] = [Math.floor(at / inFeatures), at % inFeatures];
    return values[r * inFeatures + (rest % places) * channels + Math.floor(rest / places)]!;
  });
}

function channelsLast(values: Float32Array, inFeatures: number, [height, width]: Filter): Float32Array {
  const [places, channels] = [height * width, inFeatures / (height * width)];
  return values.map((_, at) => {
    const [r, rest] = [Math.floor(at / inFeatures), at % inFeatures];
    return values[r * inFeatures + (rest % channels) * places + Math.floor(rest / channels)]!;
  });
}
