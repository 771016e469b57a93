import { writeModel } from '../../kernels/tflite/writer.ts';
import { type Layer, NetworkBuilder } from './network-builder.ts';

/** A model that is drawn here: of the sizes of MLPerf Tiny, with weights from a seed. */
export interface DrawnNetwork {
  readonly name: string;
  draw(seed: number): Uint8Array;
}

export const drawnNetworks: readonly DrawnNetwork[] = [
  { name: 'separable 96x96', draw: separableClassifier },
  { name: 'residual 32x32', draw: residualClassifier },
  { name: 'streaming 1-D', draw: streamingClassifier },
];

/** MobileNetV1 at a quarter of its width on 96×96 RGB, as MLPerf Tiny's visual wake words (7.5 M multiply-adds). */
function separableClassifier(seed: number): Uint8Array {
  const net = new NetworkBuilder('separable', seed);
  const input = net.input([1, 96, 96, 3]);
  let layer = net.convolution(input, { channels: 8, kernel: [3, 3], stride: [2, 2] });
  const blocks = [
    [16, 1],
    [32, 2],
    [32, 1],
    [64, 2],
    [64, 1],
    [128, 2],
    ...Array.from({ length: 5 }, () => [128, 1] as const),
    [256, 2],
    [256, 1],
  ] as const;
  for (const [channels, stride] of blocks) {
    layer = net.depthwise(layer, { kernel: [3, 3], stride: [stride, stride] });
    layer = net.pointwise(layer, channels);
  }
  return writeModel(net.build(input, net.classify(net.pool(layer), 2)));
}

/** ResNet-8 on 32×32 RGB, as MLPerf Tiny's image classification (12.5 M multiply-adds). */
function residualClassifier(seed: number): Uint8Array {
  const net = new NetworkBuilder('residual', seed);
  const input = net.input([1, 32, 32, 3]);
  const block = (from: Layer, channels: number, step: number): Layer => {
    const stride = [step, step] as const;
    const first = net.convolution(from, { channels, kernel: [3, 3], stride });
    const second = net.convolution(first, { channels, kernel: [3, 3], relu: false });
    const past = step === 1 ? from : net.convolution(from, { channels, kernel: [1, 1], stride, relu: false });
    return net.add(past, second);
  };
  const stem = net.convolution(input, { channels: 16, kernel: [3, 3] });
  const body = block(block(block(stem, 16, 1), 32, 2), 64, 2);
  return writeModel(net.build(input, net.classify(net.pool(body), 10)));
}

/** Temporal convolutions over 128 samples of 6 channels, dilated to see far back (Bai et al. 2018). */
function streamingClassifier(seed: number): Uint8Array {
  const net = new NetworkBuilder('streaming', seed);
  const input = net.input([1, 1, 128, 6]);
  let layer = net.convolution(input, { channels: 24, kernel: [1, 5] });
  layer = net.convolution(layer, { channels: 40, kernel: [1, 5], stride: [1, 2] });
  for (const dilation of [2, 4, 8] as const) {
    layer = net.convolution(layer, { channels: 40, kernel: [1, 3], dilation: [1, dilation] });
  }
  layer = net.depthwise(layer, { kernel: [1, 9], stride: [1, 2] });
  layer = net.pointwise(layer, 64);
  return writeModel(net.build(input, net.classify(net.pool(layer), 6)));
}
