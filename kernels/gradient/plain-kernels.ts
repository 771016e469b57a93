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

const { fround } = Math;

/** Plain twins of kernels/wasm/assembly/*-gradient.ts: the same sums in the same order, each operation rounded once. */
export function plainGradientKernels(engine: WasmEngine): GradientKernels {
  const { int8, int16, int32, float32 } = engine;
  const word = (geometry: number, field: number): number => int32[(geometry + field) / 4]!;
  const inputPixels = (geometry: number): number =>
    word(geometry, BATCH) * word(geometry, IN_HEIGHT) * word(geometry, IN_WIDTH);

  /** Output pixel that an input pixel meets with a tap, −1 where none does. */
  const meets = (geometry: number, pixel: number, tap: number): number => {
    const [height, width, columns] = [word(geometry, IN_HEIGHT), word(geometry, IN_WIDTH), word(geometry, OUT_WIDTH)];
    const filterWidth = word(geometry, FILTER_WIDTH);
    const ky = Math.floor(tap / filterWidth);
    const line = Math.floor(pixel / width);
    const y = (line % height) + word(geometry, PAD_TOP) - ky * word(geometry, DILATION_HEIGHT);
    const x = (pixel % width) + word(geometry, PAD_LEFT) - (tap - ky * filterWidth) * word(geometry, DILATION_WIDTH);
    const oy = y / word(geometry, STRIDE_HEIGHT);
    const ox = x / word(geometry, STRIDE_WIDTH);
    const inside = y >= 0 && oy < word(geometry, OUT_HEIGHT) && x >= 0 && ox < columns;
    if (!inside || !Number.isInteger(oy) || !Number.isInteger(ox)) return -1;
    return (Math.floor(line / height) * word(geometry, OUT_HEIGHT) + oy) * columns + ox;
  };

  return {
    adapterProject(x, rows, pixels, runs, length, count, loraA, loraAScale, rank, inputScale, to) {
      for (let pixel = 0; pixel < pixels; pixel++) {
        const from = x + int32[rows / 4 + pixel]!;
        for (let r = 0; r < rank; r++) {
          let sum = 0;
          for (let i = 0; i < count; i++) {
            const run = int32[runs / 4 + Math.floor(i / length)]!;
            sum += int8[loraA + r * count + i]! * int16[(from + run) / 2 + (i % length)]!;
          }
          const scale = fround(fround(inputScale) * float32[loraAScale / 4 + r]!);
          float32[to / 4 + pixel * rank + r] = scale * fround(sum);
        }
      }
    },

    adapterGradient(g, u, loraB, pixels, channels, rank, bias, b, back) {
      for (let pixel = 0; pixel < pixels; pixel++) {
        const row = g / 4 + pixel * channels;
        addScaled(float32, bias / 4, row, 1, channels);
        for (let r = 0; r < rank; r++) {
          addScaled(float32, b / 4 + r * channels, row, float32[u / 4 + pixel * rank + r]!, channels);
          float32[back / 4 + pixel * rank + r] = dotInLanes(float32, row, loraB / 4 + r * channels, channels);
        }
      }
    },

    filterGradient(x, rows, pixels, runs, length, count, back, rank, a) {
      for (let pixel = 0; pixel < pixels; pixel++) {
        const from = x + int32[rows / 4 + pixel]!;
        for (let r = 0; r < rank; r++) {
          const factor = float32[back / 4 + pixel * rank + r]!;
          for (let i = 0; i < count; i++) {
            const run = int32[runs / 4 + Math.floor(i / length)]!;
            const to = a / 4 + r * count + i;
            float32[to] = float32[to]! + fround(int16[(from + run) / 2 + (i % length)]! * factor);
          }
        }
      }
    },

    convolutionGradient(geometry, g, w, channels, dx) {
      const inChannels = word(geometry, IN_CHANNELS);
      const taps = word(geometry, FILTER_HEIGHT) * word(geometry, FILTER_WIDTH);
      for (let pixel = 0; pixel < inputPixels(geometry); pixel++) {
        const to = dx / 4 + pixel * inChannels;
        for (let tap = 0; tap < taps; tap++) {
          const output = meets(geometry, pixel, tap);
          for (let c = 0; output >= 0 && c < channels; c++) {
            const slope = float32[g / 4 + output * channels + c]!;
            const row = w + (c * taps + tap) * inChannels;
            for (let i = 0; i < inChannels; i++) float32[to + i]! += fround(slope * int8[row + i]!);
          }
        }
      }
    },

    depthwiseGradient(geometry, g, w, dx) {
      const inChannels = word(geometry, IN_CHANNELS);
      const multiplier = word(geometry, MULTIPLIER);
      const channels = inChannels * multiplier;
      const taps = word(geometry, FILTER_HEIGHT) * word(geometry, FILTER_WIDTH);
      for (let pixel = 0; pixel < inputPixels(geometry); pixel++) {
        const to = dx / 4 + pixel * inChannels;
        for (let tap = 0; tap < taps; tap++) {
          const output = meets(geometry, pixel, tap);
          for (let c = 0; output >= 0 && c < channels; c++) {
            const slope = float32[g / 4 + output * channels + c]!;
            float32[to + Math.floor(c / multiplier)]! += fround(slope * int8[w + tap * channels + c]!);
          }
        }
      }
    },
  };
}

/** to[i] += from[i] × factor */
function addScaled(values: Float32Array, to: number, from: number, factor: number, count: number): void {
  for (let i = 0; i < count; i++) values[to + i]! += fround(values[from + i]! * factor);
}

/** Σ_i a[i] × b[i]: four sums side by side, (0 + 2) + (1 + 3), then what is left of the last four. */
function dotInLanes(values: Float32Array, a: number, b: number, count: number): number {
  const whole = count & ~3;
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    s0 = fround(s0 + fround(values[a + i]! * values[b + i]!));
    s1 = fround(s1 + fround(values[a + i + 1]! * values[b + i + 1]!));
    s2 = fround(s2 + fround(values[a + i + 2]! * values[b + i + 2]!));
    s3 = fround(s3 + fround(values[a + i + 3]! * values[b + i + 3]!));
  }
  let sum = fround(fround(s0 + s2) + fround(s1 + s3));
  for (let i = whole; i < count; i++) sum = fround(sum + fround(values[a + i]! * values[b + i]!));
  return sum;
}
