import type { AdapterPoint } from '../adapter-point.ts';
import type { ConvolutionGeometry } from '../ops/convolution-geometry.ts';
import type { PrepareContext } from '../ops/prepare-context.ts';
import { GEOMETRY_BYTES } from '../wasm/assembly/records.ts';
import type { WasmEngine } from '../wasm/engine.ts';
import { AdapterSlopes, adapterScratchBytes } from './adapter-slopes.ts';
import { ClampMask, clampRangeOf } from './clamp-mask.ts';
import { gradientKernels, writeGeometry } from './kernels.ts';
import type { GradientPlaces, GradientRule } from './rule.ts';
import { scaleChannels } from './scale-channels.ts';

/**
 * CONV_2D and FULLY_CONNECTED with the low-rank side path. With x and y the real values that the int8 input and output
 * stand for, W the dequantised weights, and ∗ the convolution of the layer:
 *
 *     y = f(W ∗ x + b + bias + scaling × B (A ∗ x)),   g = dL/dy × f'(…)
 *     dL/dB = scaling × Σ g (A ∗ x)ᵀ     dL/dbias = Σ g     dL/dx = Wᵀ ∗ g + scaling × Aᵀ ∗ (Bᵀ g)
 *     dL/dA = scaling × Σ (Bᵀ g) xᵀ, x the values under the filter; where A learns
 *
 * Null where there is no adapter point: float32, int16 and int4 layers.
 */
export function layerRule(context: PrepareContext, point: AdapterPoint | null): GradientRule | null {
  if (point === null) return null;
  const { engine } = context;
  const geometry = flattened(point.geometry);
  return {
    inputs: [0],
    scratchBytes: ({ rank, learnsA }) => adapterScratchBytes(point, rank, learnsA),
    lastingBytes: ({ passesOn }) => (passesOn ? GEOMETRY_BYTES + point.weights.length : 0),
    bind: (places) => {
      const mask = new ClampMask(places.stored(context.output().index), clampRangeOf(context));
      return bindLayer(engine, point, geometry, mask, places);
    },
  };
}

function bindLayer(
  engine: WasmEngine,
  point: AdapterPoint,
  geometry: ConvolutionGeometry,
  mask: ClampMask,
  { output, inputs, scratch, zeros, lasting, adapter }: GradientPlaces,
): () => void {
  const { float32, int8 } = engine;
  const kernels = gradientKernels(engine);
  const { outFeatures, rows, weights, weightScale } = point;
  const slopes = adapter === null ? null : new AdapterSlopes(engine, adapter, scratch);
  const passesOn = inputs[0]! >= 0;
  const words = passesOn ? lasting(GEOMETRY_BYTES) : 0;
  const copied = passesOn ? lasting(weights.length) : 0;
  if (passesOn) {
    writeGeometry(engine, words, geometry);
    int8.set(weights, copied);
  }
  const [g, dx] = [4 * output, 4 * inputs[0]!];
  return () => {
    mask.apply(float32, output);
    slopes?.accumulate(g, passesOn);
    if (!passesOn) return;
    scaleChannels(float32, output, rows, outFeatures, weightScale);
    kernels.convolutionGradient(words, g, copied, outFeatures, dx, zeros);
    if (adapter === null || slopes === null) return;
    kernels.convolutionGradient(words, slopes.back, adapter.factors.loraA.byteOffset, adapter.rank, dx, zeros);
  };
}

/** Where windows are single pixels side by side, all pixels are one row: the kernels take four of a row at a time. */
function flattened(geometry: ConvolutionGeometry): ConvolutionGeometry {
  const { filterHeight, filterWidth, strideHeight, strideWidth, batch, inputHeight, inputWidth } = geometry;
  const { padTop, padLeft, padBottom, padRight } = geometry;
  const isPointwise = filterHeight * filterWidth * strideHeight * strideWidth === 1;
  if (!isPointwise || padTop + padLeft + padBottom + padRight > 0) return geometry;
  const pixels = batch * inputHeight * inputWidth;
  return { ...geometry, batch: 1, inputHeight: 1, inputWidth: pixels, outputHeight: 1, outputWidth: pixels };
}
