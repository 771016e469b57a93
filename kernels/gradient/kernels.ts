import type { ConvolutionGeometry } from '../ops/convolution-geometry.ts';
import {
  BATCH,
  DILATION_HEIGHT,
  DILATION_WIDTH,
  FILTER_HEIGHT,
  FILTER_WIDTH,
  IN_CHANNELS,
  IN_HEIGHT,
  IN_WIDTH,
  MULTIPLIER,
  OUT_HEIGHT,
  OUT_WIDTH,
  PAD_LEFT,
  PAD_TOP,
  STRIDE_HEIGHT,
  STRIDE_WIDTH,
} from '../wasm/assembly/records.ts';
import type { WasmEngine } from '../wasm/engine.ts';
import type { GradientKernels } from '../wasm/kernels.ts';
import { plainGradientKernels } from './plain-kernels.ts';

/** The inner loops of learning (assembly/*-gradient.ts): compiled, or plain with the same bits without SIMD. */
export function gradientKernels(engine: WasmEngine): GradientKernels {
  return engine.kernels ?? plainGradientKernels(engine);
}

/** Writes a geometry where the kernels read it. */
export function writeGeometry(engine: WasmEngine, address: number, geometry: ConvolutionGeometry): void {
  const fields: readonly (readonly [number, number])[] = [
    [BATCH, geometry.batch],
    [IN_HEIGHT, geometry.inputHeight],
    [IN_WIDTH, geometry.inputWidth],
    [IN_CHANNELS, geometry.inputChannels],
    [OUT_HEIGHT, geometry.outputHeight],
    [OUT_WIDTH, geometry.outputWidth],
    [FILTER_HEIGHT, geometry.filterHeight],
    [FILTER_WIDTH, geometry.filterWidth],
    [STRIDE_HEIGHT, geometry.strideHeight],
    [STRIDE_WIDTH, geometry.strideWidth],
    [DILATION_HEIGHT, geometry.dilationHeight],
    [DILATION_WIDTH, geometry.dilationWidth],
    [PAD_TOP, geometry.padTop],
    [PAD_LEFT, geometry.padLeft],
    [MULTIPLIER, geometry.depthMultiplier],
  ];
  for (const [field, value] of fields) engine.int32[(address + field) / 4] = value;
}
