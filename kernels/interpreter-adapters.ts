import { ADAPTER_RANK_MAX } from './adapter-limits.ts';
import type { AdapterAddresses, AdapterPoint } from './adapter-point.ts';
import { ModelError } from './errors.ts';
import type { ActiveAdapters } from './ops/operator.ts';
import {
  ADAPTER_A,
  ADAPTER_A_SCALE,
  ADAPTER_B,
  ADAPTER_BIAS,
  ADAPTER_BYTES,
  ADAPTER_RANK,
  ADAPTER_SCALING,
} from './wasm/assembly/records.ts';
import type { WasmEngine } from './wasm/engine.ts';

/** Low-rank factors for the adapter points of one interpreter, in wasm memory; writing a view takes effect at once. */
export interface AdapterSet {
  readonly rank: number;
  /** Factor before B(Ax), LoRA's alpha / rank. */
  readonly scaling: number;
  /** By adapter point; empty where there is no adapter. */
  readonly points: readonly AdapterFactors[];
}

/**
 * delta[c] = bias[c] + scaling × Σ_r loraB[c,r] × u[r], u[r] = s_in × loraAScale[r] × Σ_i loraA[r,i] × (x[i] − z_in):
 * a real number in units of the layer's output before its activation.
 */
export interface AdapterFactors {
  /** [rank × in] */
  readonly loraA: Int8Array;
  /** [rank] */
  readonly loraAScale: Float32Array;
  /** [out × rank] */
  readonly loraB: Float32Array;
  /** [out] */
  readonly bias: Float32Array;
}

export interface AdapterSetOptions {
  /** 1 to 64. */
  readonly rank: number;
  readonly scaling: number;
  /** Ordinals of the adapter points that get factors, all unless told; the others have none and cost nothing. */
  readonly points?: readonly number[];
}

const NO_ADAPTER: AdapterAddresses = { loraA: 0, loraAScale: 0, loraB: 0, bias: 0 };

/** An adapter set together with the addresses of its factors. */
export class WasmAdapterSet implements AdapterSet, ActiveAdapters {
  readonly rank: number;
  readonly scaling: number;
  readonly points: readonly AdapterFactors[];
  readonly addresses: readonly AdapterAddresses[];
  /** Address of the table that the compiled kernels find the factors by, one entry per point. */
  readonly table: number;

  /** Allocates all factors, zero: the adapted model equals the frozen one bit for bit until they are written. */
  constructor(
    readonly owner: object,
    engine: WasmEngine,
    adapterPoints: readonly AdapterPoint[],
    { rank, scaling, points }: AdapterSetOptions,
  ) {
    if (!(Number.isInteger(rank) && rank >= 1 && rank <= ADAPTER_RANK_MAX) || !Number.isFinite(scaling)) {
      throw new ModelError(
        'modelMismatch',
        `an adapter of rank ${rank} and scaling ${scaling} cannot be made: choose a rank of 1 to ${ADAPTER_RANK_MAX}`,
      );
    }
    this.rank = rank;
    this.scaling = Math.fround(scaling);
    const stray = points?.find((point) => adapterPoints[point] === undefined);
    if (stray !== undefined) {
      throw new ModelError('modelMismatch', `the model has no adapter point ${stray}, it has ${adapterPoints.length}`);
    }
    const adapted = new Set(points ?? adapterPoints.keys());
    this.addresses = adapterPoints.map((point, at) => (adapted.has(at) ? allocate(engine, point, rank) : NO_ADAPTER));
    this.points = adapterPoints.map((point, at) =>
      views(engine, point, adapted.has(at) ? rank : 0, this.addresses[at]!),
    );
    this.table = engine.allocate(adapterPoints.length * ADAPTER_BYTES);
    this.addresses.forEach((addresses, index) => {
      const entry = (this.table + index * ADAPTER_BYTES) / 4;
      engine.int32[entry + ADAPTER_A / 4] = addresses.loraA;
      engine.int32[entry + ADAPTER_A_SCALE / 4] = addresses.loraAScale;
      engine.int32[entry + ADAPTER_B / 4] = addresses.loraB;
      engine.int32[entry + ADAPTER_BIAS / 4] = addresses.bias;
      engine.int32[entry + ADAPTER_RANK / 4] = rank;
      engine.float32[entry + ADAPTER_SCALING / 4] = this.scaling;
    });
  }
}

function allocate(engine: WasmEngine, point: AdapterPoint, rank: number): AdapterAddresses {
  // The kernel takes output channels four at a time.
  const channels = Math.ceil(point.outFeatures / 4) * 4;
  return {
    loraA: engine.allocate(rank * point.inFeatures),
    loraAScale: engine.allocate(rank * 4),
    loraB: engine.allocate(channels * rank * 4),
    bias: engine.allocate(channels * 4),
  };
}

function views(engine: WasmEngine, point: AdapterPoint, rank: number, addresses: AdapterAddresses): AdapterFactors {
  const { buffer } = engine.uint8;
  return {
    loraA: new Int8Array(buffer, addresses.loraA, rank * point.inFeatures),
    loraAScale: new Float32Array(buffer, addresses.loraAScale, rank),
    loraB: new Float32Array(buffer, addresses.loraB, point.outFeatures * rank),
    bias: new Float32Array(buffer, addresses.bias, rank === 0 ? 0 : point.outFeatures),
  };
}
