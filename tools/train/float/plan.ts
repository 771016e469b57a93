import { Convolution } from './convolution.ts';
import { Depthwise } from './depthwise.ts';
import type { Signal, TrainedLayer, Workshop } from './layer.ts';
import { MaxPool } from './max-pool.ts';
import { Mean } from './mean.ts';
import { Stretch } from './stretch.ts';

/** One step of a network to be trained; data, so that the same network can be fitted twice. */
export type Step =
  | {
      readonly kind: 'convolution';
      readonly channels: number;
      readonly taps: number;
      readonly stride: number;
      readonly relu: boolean;
    }
  /** A filter per channel, then a 1×1 convolution with ReLU. */
  | { readonly kind: 'separable'; readonly channels: number; readonly taps: number; readonly stride: number }
  | { readonly kind: 'maxPool'; readonly factor: number }
  | { readonly kind: 'stretch'; readonly factor: number }
  | { readonly kind: 'mean' }
  | { readonly kind: 'dense'; readonly channels: number; readonly relu: boolean };

/** The layers of a plan, with fresh weights. */
export function build(plan: readonly Step[], input: Signal, workshop: Workshop): TrainedLayer[] {
  const layers: TrainedLayer[] = [];
  let signal = input;
  const add = (layer: TrainedLayer): void => {
    layers.push(layer);
    signal = layer.output;
  };
  for (const step of plan) {
    const backward = layers.length > 0;
    switch (step.kind) {
      case 'convolution':
        add(new Convolution(workshop, signal, { ...step, backward }));
        break;
      case 'separable':
        add(new Depthwise(workshop, signal, step));
        add(
          new Convolution(workshop, signal, {
            channels: step.channels,
            taps: 1,
            stride: 1,
            relu: true,
            backward: true,
          }),
        );
        break;
      case 'maxPool':
        add(new MaxPool(workshop, signal, step.factor));
        break;
      case 'stretch':
        add(new Stretch(workshop, signal, step.factor));
        break;
      case 'mean':
        add(new Mean(workshop, signal));
        break;
      case 'dense':
        add(new Convolution(workshop, signal, { ...step, taps: 1, stride: 1, backward, dense: true }));
        break;
    }
  }
  return layers;
}
