import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { slide } from '../../kernels/ops/convolution-geometry.ts';
import { compareWithOracle } from '../support/compare-oracle.ts';
import { type ConvolutionCase, convolutionFile } from '../support/convolution-models.ts';
import { randomInt8, seeded } from '../support/models.ts';
import { createOracle } from '../support/oracle.ts';

const convolutions = suite('convolutions, bit for bit with TensorFlow Lite and XNNPACK');
const tflite = await createOracle();

type Kind = ConvolutionCase['kind'];

const refuse = (message: string): never => {
  throw new Error(message);
};

/** A side along which the window fits, and which TFLite's wasm build computes rightly. */
const usable = (length: number, size: number, stride: number, dilation: number, padding: number): boolean => {
  const span = (size - 1) * dilation + 1;
  if (padding === 1) return span <= length;
  // That build pads by 2^31 where SAME leaves the end of the input untouched (its XNNPACK subtracts below zero).
  const { positions } = slide(length, size, stride, dilation, padding, refuse);
  return (positions - 1) * stride + span >= length;
};

/** Sizes, strides, dilations, odd channels, 1×N and 5×5 filters, paddings wider than the input. */
const randomCase = (random: () => number, kind: Kind, withBias: boolean): ConvolutionCase => {
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;
  for (;;) {
    const groups = kind === 'conv' && random() < 0.3 ? pick([2, 3]) : 1;
    const options: ConvolutionCase = {
      kind,
      batch: pick([1, 1, 2, 3]),
      height: pick([1, 3, 5, 8, 9]),
      width: pick([1, 4, 7, 10]),
      inChannels: groups * pick([1, 2, 3, 5, 8, 16]),
      outChannels: kind === 'depthwise' ? pick([1, 1, 2, 3]) : groups * pick([1, 3, 8, 9]),
      filterHeight: pick([1, 1, 2, 3, 5]),
      filterWidth: pick([1, 2, 3, 3, 4, 5]),
      strideH: pick([1, 1, 2, 3]),
      strideW: pick([1, 2]),
      dilationH: kind === 'transposed' ? 1 : pick([1, 1, 2, 3]),
      dilationW: kind === 'transposed' ? 1 : pick([1, 1, 2]),
      padding: pick([0, 1]),
      // The oracle's TRANSPOSE_CONV is from before it had a fused activation.
      activation: kind === 'transposed' ? 0 : pick([0, 1, 2, 3]),
      perChannel: random() < 0.6,
      withBias,
      groups,
      ties: random() < 0.4,
    };
    const { height, width, filterHeight, filterWidth, strideH, strideW, dilationH, dilationW, padding } = options;
    const fits =
      usable(height, filterHeight, strideH, dilationH, padding) &&
      usable(width, filterWidth, strideW, dilationW, padding);
    if (kind === 'transposed' || fits) return options;
  }
};

const compareMany = (seed: number, kind: Kind, rounds: number, withBias: boolean): void => {
  const random = seeded(seed);
  for (let round = 0; round < rounds; round++) {
    const options = randomCase(random, kind, withBias);
    const elements = options.batch * options.height * options.width * options.inChannels;
    const inputs = Array.from({ length: 4 }, () => [randomInt8(random, elements)]);
    compareWithOracle(tflite, convolutionFile(random, options), inputs, `${round}: ${JSON.stringify(options)}`);
  }
};

convolutions('60 random CONV_2D, dilated and grouped ones among them', () => compareMany(31, 'conv', 60, true));

convolutions('20 CONV_2D of 3×3 with channels enough for a transform, with ends within a tile', () => {
  const random = seeded(38);
  const pick = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
  for (let round = 0; round < 20; round++) {
    const options: ConvolutionCase = {
      ...randomCase(random, 'conv', true),
      ...{ height: pick(3, 9), width: pick(3, 9), inChannels: pick(13, 36), outChannels: pick(13, 36), groups: 1 },
      ...{ filterHeight: 3, filterWidth: 3, strideH: 1, strideW: 1, dilationH: 1, dilationW: 1 },
    };
    const elements = options.batch * options.height * options.width * options.inChannels;
    const inputs = Array.from({ length: 3 }, () => [randomInt8(random, elements)]);
    compareWithOracle(tflite, convolutionFile(random, options), inputs, `${round}: ${JSON.stringify(options)}`);
  }
});

convolutions('40 CONV_2D of three taps in a line, with ends within a tile and dilation', () => {
  const random = seeded(37);
  const pick = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
  for (let round = 0; round < 40; round++) {
    const isVertical = random() < 0.4;
    const dilation = pick(1, 4);
    const [length, across] = [pick(9, 40), pick(1, 3)];
    const options: ConvolutionCase = {
      ...randomCase(random, 'conv', true),
      height: isVertical ? length : across,
      width: isVertical ? across : length,
      inChannels: pick(13, 36),
      outChannels: pick(13, 36),
      groups: 1,
      filterHeight: isVertical ? 3 : 1,
      filterWidth: isVertical ? 1 : 3,
      strideH: 1,
      strideW: 1,
      dilationH: isVertical ? dilation : 1,
      dilationW: isVertical ? 1 : dilation,
    };
    const elements = options.batch * options.height * options.width * options.inChannels;
    const inputs = Array.from({ length: 3 }, () => [randomInt8(random, elements)]);
    compareWithOracle(tflite, convolutionFile(random, options), inputs, `${round}: ${JSON.stringify(options)}`);
  }
});

convolutions('60 random DEPTHWISE_CONV_2D with depth multipliers', () => compareMany(32, 'depthwise', 60, true));

convolutions('20 DEPTHWISE_CONV_2D without a bias, which TFLite rounds in two stages', () =>
  compareMany(36, 'depthwise', 20, false),
);

convolutions('60 random TRANSPOSE_CONV, with and without a bias', () => {
  compareMany(34, 'transposed', 40, true);
  compareMany(35, 'transposed', 20, false);
});

convolutions('ComputePaddingWithOffset of TFLite, by hand', () => {
  const at = (...sides: [number, number, number, number, number]) => slide(...sides, refuse);
  assert.equal(at(224, 3, 2, 1, 0), { positions: 112, before: 0, after: 1 });
  assert.equal(at(49, 10, 2, 1, 0), { positions: 25, before: 4, after: 5 });
  assert.equal(at(5, 3, 1, 2, 0), { positions: 5, before: 2, after: 2 });
  assert.equal(at(8, 1, 2, 1, 0), { positions: 4, before: 0, after: 0 });
  assert.equal(at(10, 3, 2, 2, 1), { positions: 3, before: 0, after: 0 });
});

convolutions.run();
