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
  places(layer, from, to, (position, inside, at) => {
    for (let o = 0; o < outChannels; o += 1) {
      let sum = bias[o]!;
      for (let k = 0; k < inside.length; k += 1) {
        const row = (o * taps + inside[k]!) * inChannels;
        const start = at[k]! * inChannels;
        for (let i = 0; i < inChannels; i += 1) sum += weights[row + i]! * x[start + i]!;
      }
      y[position * outChannels + o] = activation === 'relu' && sum < 0 ? 0 : sum;
    }
  });
}

function depthwise(layer: OfKind<'depthwise'>, from: Shape, x: Float32Array, to: Shape, y: Float32Array): void {
  const { weights, bias, activation, channels } = layer;
  places(layer, from, to, (position, inside, at) => {
    for (let c = 0; c < channels; c += 1) {
      let sum = bias[c]!;
      for (let k = 0; k < inside.length; k += 1) sum += weights[inside[k]! * channels + c]! * x[at[k]! * channels + c]!;
      y[position * channels + c] = activation === 'relu' && sum < 0 ? 0 : sum;
    }
  });
}

function maxPool(layer: Sliding, from: Shape, x: Float32Array, to: Shape, y: Float32Array): void {
  const channels = from[2]!;
  places(layer, from, to, (position, inside, at) => {
    for (let c = 0; c < channels; c += 1) {
      let best = -Infinity;
      for (let k = 0; k < inside.length; k += 1) best = Math.max(best, x[at[k]! * channels + c]!);
      y[position * channels + c] = best;
    }
  });
}

/** Calls `visit` for each output position with the taps that lie inside the input, and the input position of each. */
function places(
  { filter, stride, padding }: Sliding,
  from: Shape,
  to: Shape,
  visit: (position: number, inside: readonly number[], at: readonly number[]) => void,
): void {
  const [height = 1, width = 1] = from;
  const [rows = 1, columns = 1] = to;
  const top = slide(height, filter[0], stride[0], padding).before;
  const left = slide(width, filter[1], stride[1], padding).before;
  const inside: number[] = [];
  const at: number[] = [];
  for (let position = 0; position < rows * columns; position += 1) {
    inside.length = 0;
    at.length = 0;
    for (let tap = 0; tap < filter[0] * filter[1]; tap += 1) {
      const row = Math.floor(position / columns) * stride[0] - top + Math.floor(tap / filter[1]);
      const column = (position % columns) * stride[1] - left + (tap % filter[1]);
      if (row < 0 || row >= height || column < 0 || column >= width) continue;
      inside.push(tap);
      at.push(row * width + column);
    }
    visit(position, inside, at);
  }
}

/** Position of the largest value; the first of equals. */
export function argMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i += 1) if (values[i]! > values[best]!) best = i;
  return best;
}
