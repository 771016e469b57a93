import {
  type Layer,
  type Network,
  type Shape,
  type Sliding,
  shapesOf,
  sizeOf,
  slide,
  type WeightedLayer,
} from './network.ts';

/**
 * Runs a float network on one example after the other: sums in doubles in index order, each rounded to float32 once.
 * It is the reference of the quantiser, and what calibration looks at. A final softmax is left out: logits come out.
 */
export class FloatForward {
  /** What each layer gives for the latest example; views are renewed in place. */
  readonly outputs: readonly Float32Array[];
  private readonly layers: readonly Layer[];
  private readonly shapes: readonly Shape[];

  constructor(network: Network) {
    this.layers = network.layers.filter(({ kind }) => kind !== 'softmax');
    this.shapes = shapesOf({ ...network, layers: this.layers });
    this.outputs = this.layers.map((_, l) => new Float32Array(sizeOf(this.shapes[l + 1]!)));
  }

  /** One example of the network's input shape; returns the last layer's output. */
  run(input: Float32Array): Float32Array {
    let x = input;
    this.layers.forEach((layer, l) => {
      const y = this.outputs[l]!;
      forward(layer, this.shapes[l]!, x, this.shapes[l + 1]!, y);
      x = y;
    });
    return x;
  }
}

function forward(layer: Layer, from: Shape, x: Float32Array, to: Shape, y: Float32Array): void {
  const [height = 1, width = 1, channels = 1] = from;
  switch (layer.kind) {
    case 'dense':
      dense(layer.weights, layer, x, y);
      break;
    case 'convolution':
      convolution(layer, from, x, to, y);
      break;
    case 'depthwise':
      depthwise(layer, from, x, to, y);
      break;
    case 'maxPool':
      maxPool(layer, from, x, to, y);
      break;
    case 'mean':
      for (let c = 0; c < channels; c += 1) {
        let sum = 0;
        for (let at = c; at < x.length; at += channels) sum += x[at]!;
        y[c] = sum / (height * width);
      }
      break;
    case 'transpose':
      for (let at = 0; at < x.length; at += 1) {
        const row = Math.floor(at / (width * channels)) * width * channels;
        const column = Math.floor((at - row) / channels);
        y[row + ((at - row) % channels) * width + column] = x[at]!;
      }
      break;
    case 'stretch':
      for (let at = 0; at < y.length; at += 1) {
        y[at] = x[Math.floor(at / (channels * layer.factor)) * channels + (at % channels)]!;
      }
      break;
    case 'softmax':
      y.set(x);
  }
}

function dense(weights: Float32Array, { bias, activation }: WeightedLayer, x: Float32Array, y: Float32Array): void {
  for (let o = 0; o < y.length; o += 1) {
    let sum = bias[o]!;
    const row = o * x.length;
    for (let i = 0; i < x.length; i += 1) sum += weights[row + i]! * x[i]!;
    y[o] = activation === 'relu' && sum < 0 ? 0 : sum;
  }
}

type OfKind<Kind extends Layer['kind']> = Extract<Layer, { kind: Kind }>;

function convolution(layer: OfKind<'convolution'>, from: Shape, x: Float32Array, to: Shape, y: Float32Array): void {
  const { weights, bias, activation, inChannels, outChannels } = layer;
  const taps = layer.filter[0] * layer.filter[1];
  places(layer, from, to, (position, tapsInside) => {
    for (let o = 0; o < outChannels; o += 1) {
      let sum = bias[o]!;
      for (const [tap, at] of tapsInside) {
        const row = (o * taps + tap) * inChannels;
        for (let i = 0; i < inChannels; i += 1) sum += weights[row + i]! * x[at * inChannels + i]!;
      }
      y[position * outChannels + o] = activation === 'relu' && sum < 0 ? 0 : sum;
    }
  });
}

function depthwise(layer: OfKind<'depthwise'>, from: Shape, x: Float32Array, to: Shape, y: Float32Array): void {
  const { weights, bias, activation, channels } = layer;
  places(layer, from, to, (position, tapsInside) => {
    for (let c = 0; c < channels; c += 1) {
      let sum = bias[c]!;
      for (const [tap, at] of tapsInside) sum += weights[tap * channels + c]! * x[at * channels + c]!;
      y[position * channels + c] = activation === 'relu' && sum < 0 ? 0 : sum;
    }
  });
}

function maxPool(layer: Sliding, from: Shape, x: Float32Array, to: Shape, y: Float32Array): void {
  const channels = from[2]!;
  places(layer, from, to, (position, tapsInside) => {
    for (let c = 0; c < channels; c += 1) {
      y[position * channels + c] = tapsInside.reduce(
        (best, [, at]) => Math.max(best, x[at * channels + c]!),
        -Infinity,
      );
    }
  });
}

/** Calls `visit` for each output position with the taps that lie inside the input: [tap, input position]. */
function places(
  { filter, stride, padding }: Sliding,
  from: Shape,
  to: Shape,
  visit: (position: number, tapsInside: readonly (readonly [tap: number, at: number])[]) => void,
): void {
  const [height = 1, width = 1] = from;
  const [rows = 1, columns = 1] = to;
  const top = slide(height, filter[0], stride[0], padding).before;
  const left = slide(width, filter[1], stride[1], padding).before;
  for (let position = 0; position < rows * columns; position += 1) {
    const inside: (readonly [number, number])[] = [];
    for (let tap = 0; tap < filter[0] * filter[1]; tap += 1) {
      const row = Math.floor(position / columns) * stride[0] - top + Math.floor(tap / filter[1]);
      const column = (position % columns) * stride[1] - left + (tap % filter[1]);
      if (row >= 0 && row < height && column >= 0 && column < width) inside.push([tap, row * width + column]);
    }
    visit(position, inside);
  }
}

/** Position of the largest value; the first of equals. */
export function argMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i += 1) if (values[i]! > values[best]!) best = i;
  return best;
}
