import type { AdapterPoint } from '../adapter-point.ts';
import { Builtin } from '../tflite/builtin-operator.ts';
import { TensorType } from '../tflite/tensor-type.ts';
import type { WasmEngine } from '../wasm/engine.ts';
import { activationRange } from './activation.ts';
import { denseGeometry } from './convolution-geometry.ts';
import { PANEL_COLUMNS, packedBytes, packPanels, pairCount, panelCount } from './dense-panels.ts';
import type { ActiveAdapters, BoundAddresses, OperatorKernel, PreparedOperator, Step } from './operator.ts';
import { preparePlainFullyConnected } from './plain/fully-connected.ts';
import type { OperatorTensor, PrepareContext } from './prepare-context.ts';
import { biasBytes, weightScales, weightTensor } from './weights.ts';

/** What is known of a layer before its addresses are. */
interface Layer {
  readonly input: number;
  readonly inputZeroPoint: number;
  readonly output: number;
  /** Addresses of the packed weights and of the per-column vectors. */
  readonly weights: number;
  readonly start: number;
  readonly scale: number;
  readonly step: number;
  /** Scratch handles: widened input, accumulator start with the adapter, projection on the adapter's rank. */
  readonly wide: number;
  readonly adjusted: number;
  readonly hidden: number;
  readonly point: Omit<AdapterPoint, 'input' | 'output'>;
}

/** Ranks beyond this would not be low; the projection's scratch is sized for it. */
export const ADAPTER_RANK_MAX = 64;

/**
 * FULLY_CONNECTED: y[c] = clamp(rne((b[c] + Σ_k w[c,k] (x[k] − z_x)) × s_x s_w[c] / s_y) + z_y), int8, weights
 * quantised per tensor or per output channel, with the low-rank side path in the accumulator when adapters are given.
 * Numbers as XNNPACK's qs8 and qc8w fully-connected with fp32 requantisation.
 */
export const fullyConnected: OperatorKernel = { code: Builtin.fullyConnected, prepare };

function prepare(context: PrepareContext): PreparedOperator {
  context.requireArity(2, 3);
  if (context.option('weightsFormat') !== 0) context.refuse('has shuffled weights: export them in the default format');
  const input = context.activation(0);
  const weights = weightTensor(context);
  const int8 = input.tensor.type === TensorType.int8 && weights.tensor.type === TensorType.int8;
  if (!int8 || context.engine.kernels === null || context.numerics === 'reference') {
    return preparePlainFullyConnected(context);
  }
  const output = context.output();
  context.requireType(output, TensorType.int8);
  const refuse = context.refuse.bind(context);
  const geometry = denseGeometry(weights.tensor.shape, input.elements, output.elements, refuse);
  const { inputHeight: rows, outputChannels: outFeatures, inputChannels: inFeatures } = geometry;
  const layer = pack(context, input, output, weights.constant, weightScales(context, weights, outFeatures), rows);
  return {
    multiplyAdds: rows * outFeatures * inFeatures,
    adaptable: true,
    bind: (addresses) => bind(context.engine, layer, addresses),
  };
}

/** Writes packed weights and per-column vectors into the engine's memory. */
function pack(
  context: PrepareContext,
  input: OperatorTensor,
  output: OperatorTensor,
  constant: Uint8Array,
  weightScale: Float32Array,
  rows: number,
): Layer {
  const { engine } = context;
  const from = context.quantisation(input);
  const to = context.quantisation(output);
  const out = weightScale.length;
  const inFeatures = constant.length / out;
  const columns = panelCount(out) * PANEL_COLUMNS;
  const weights = new Int8Array(constant.buffer, constant.byteOffset, constant.length);
  const packed = context.persistent(packedBytes(inFeatures, out));
  packPanels(weights, inFeatures, out, new Int16Array(engine.uint8.buffer, packed, packedBytes(inFeatures, out) / 2));
  const start = context.persistent(columns * 4);
  engine.uint8.set(biasBytes(context, out), start);
  const scale = context.persistent(columns * 4);
  const step = context.persistent(columns * 4);
  // Columns beyond the layer: a step of 1 keeps the adapter kernel's division there finite.
  engine.float32.fill(1, step / 4, step / 4 + columns);
  for (let column = 0; column < out; column++) {
    const product = Math.fround(from.scale * weightScale[column]!);
    const factor = Math.fround(product / to.scale);
    if (!(product > 0 && factor > 0 && factor < Infinity)) {
      context.refuse(`has scales whose product leaves float32 in channel ${column}`);
    }
    engine.float32[step / 4 + column] = product;
    engine.float32[scale / 4 + column] = factor;
  }
  const [activationMin, activationMax] = activationRange(context, to);
  return {
    input: input.index,
    inputZeroPoint: from.zeroPoint,
    output: output.index,
    weights: packed,
    start,
    scale,
    step,
    wide: context.scratch(rows * pairCount(inFeatures) * 4),
    adjusted: context.scratch(columns * 4),
    hidden: context.scratch(ADAPTER_RANK_MAX * 4),
    point: {
      operator: context.index,
      rows,
      inFeatures,
      outFeatures: out,
      inputScale: from.scale,
      weightScale,
      outputScale: to.scale,
      outputZeroPoint: to.zeroPoint,
      activationMin,
      activationMax,
      weights,
    },
  };
}

function bind(engine: WasmEngine, layer: Layer, addresses: BoundAddresses): Step {
  const kernels = engine.kernels!;
  const { rows, inFeatures, outFeatures, inputScale, outputZeroPoint, activationMin, activationMax } = layer.point;
  const { inputZeroPoint, weights, start, scale, step } = layer;
  const input = addresses.tensor(layer.input);
  const output = addresses.tensor(layer.output);
  const wide = addresses.scratch(layer.wide);
  const adjusted = addresses.scratch(layer.adjusted);
  const hidden = addresses.scratch(layer.hidden);
  const pairs = pairCount(inFeatures);
  const wideElements = rows === 1 ? inFeatures : rows * pairs * 2;
  const adapterPoint: AdapterPoint = {
    ...layer.point,
    input: new Int16Array(engine.uint8.buffer, wide, wideElements),
    output: new Int8Array(engine.uint8.buffer, output, rows * outFeatures),
  };
  return {
    adapterPoint,
    eval(active: ActiveAdapters | null, ordinal: number): void {
      for (let row = 0; row < rows; row++) {
        const x = wide + row * pairs * 4;
        kernels.widen(input + row * inFeatures, x, inFeatures, inputZeroPoint);
        let from = start;
        if (active !== null) {
          const { loraA, loraAScale, loraB, bias } = active.addresses[ordinal]!;
          const { rank, scaling } = active;
          kernels.adapterForward(
            x,
            loraA,
            loraAScale,
            loraB,
            bias,
            step,
            start,
            adjusted,
            hidden,
            inFeatures,
            outFeatures,
            rank,
            inputScale,
            scaling,
          );
          from = adjusted;
        }
        const to = output + row * outFeatures;
        kernels.dense(x, weights, from, scale, to, pairs, outFeatures, outputZeroPoint, activationMin, activationMax);
      }
    },
  };
}
