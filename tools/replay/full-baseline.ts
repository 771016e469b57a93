import type { LoadedModel } from '../../firmware/pipeline/loaded-model.ts';
import type { PipelineOptions } from '../../firmware/pipeline.ts';
import { Adam } from '../../kernels/learning/adam.ts';
import { ReplayBuffer } from '../../kernels/learning/replay-buffer.ts';
import { argmax, crossEntropyGradient, softmaxInto } from '../../kernels/learning/softmax.ts';
import { createRandom, type Random } from '../../kernels/random.ts';
import type { Baseline } from './baseline.ts';
import { FloatLayer } from './float-layer.ts';

/**
 * Fine-tunes every weight of the model in float, with the steps, batches, replay buffer, optimiser and loss of the
 * node's own learning: what one would do without adapters. Its inputs are clamped to the range of the int8 input.
 */
export class FullBaseline implements Baseline {
  label = -1;
  /** All that is trained: what was learned on top of the model. */
  readonly parameters: readonly Float32Array[];
  /** By what averages them. */
  bytesSent = 0;
  private readonly layers: readonly FloatLayer[];
  private readonly slopes: readonly Float64Array[];
  private readonly adam: Adam;
  private readonly replay: ReplayBuffer;
  private readonly random: Random;
  private readonly features: Float32Array;
  private readonly normalised: Float32Array;
  private readonly input: Float64Array;
  private readonly logits: Float32Array;
  private readonly probabilities: Float32Array;

  constructor(
    private readonly loaded: LoadedModel,
    private readonly options: Pick<PipelineOptions, 'learning' | 'replayCapacity' | 'seed'>,
    readonly learningRate: number,
    readonly name: 'full' | 'fedavg' = 'full',
  ) {
    const { card, chain, features } = loaded;
    const classes = card.labels.length;
    this.layers = chain.map((at) => new FloatLayer(loaded, at));
    this.slopes = this.layers.map(({ outFeatures }) => new Float64Array(outFeatures));
    this.parameters = this.layers.flatMap(({ weightsChange, biasChange }) => [weightsChange, biasChange]);
    const { weightDecay } = options.learning;
    this.adam = new Adam(
      this.parameters,
      this.layers.flatMap(({ weightsGradient, biasGradient }) => [weightsGradient, biasGradient]),
      this.parameters.map(() => ({ learningRate, weightDecay })),
    );
    const { scale, zeroPoint } = loaded.interpreter.inputs[0]!;
    const { replayCapacity: capacity } = options;
    const { factory } = loaded;
    const factoryWindows = name === 'full' || factory === null ? 0 : factory.labels.length;
    const sizes = { capacity, featureCount: features.size, classes, factoryWindows };
    const { factoryShare } = options.learning;
    this.replay = new ReplayBuffer({ ...sizes, scale, zeroPoint, alpha: 0, factoryShare });
    for (let w = 0; w < factoryWindows; w++) {
      this.replay.keep(factory!.features.subarray(w * features.size, (w + 1) * features.size), factory!.labels[w]!);
    }
    this.random = createRandom(options.seed, 'replay buffer');
    this.features = new Float32Array(features.size);
    this.normalised = new Float32Array(features.size);
    this.input = new Float64Array(features.size);
    this.logits = new Float32Array(classes);
    this.probabilities = new Float32Array(classes);
  }

  decide(samples: Float32Array): void {
    this.loaded.features.extract(samples, this.features);
    this.loaded.normaliser.apply(this.features, this.normalised);
    this.forward();
    this.label = argmax(this.probabilities);
  }

  learn(label: number): void {
    const { batch, stepsPerLabel } = this.options.learning;
    this.loaded.normaliser.apply(this.features, this.normalised);
    const newest = this.replay.add(this.normalised, label);
    for (let step = 0; step < stepsPerLabel; step++) {
      this.accumulate(newest);
      for (let i = 1; i < batch; i++) this.accumulate(this.replay.draw(this.random));
      this.adam.step(1 / batch);
    }
  }

  /** Of what stands in `normalised`. */
  private forward(): void {
    const { scale, zeroPoint } = this.loaded.interpreter.inputs[0]!;
    for (let i = 0; i < this.input.length; i++) {
      const z = this.normalised[i]!;
      this.input[i] = Math.max((-128 - zeroPoint) * scale, Math.min((127 - zeroPoint) * scale, z));
    }
    let x = this.input;
    for (const layer of this.layers) x = layer.forward(x);
    this.logits.set(x);
    softmaxInto({ data: this.logits, scale: 1, zeroPoint: 0 }, this.probabilities);
  }

  private accumulate(slot: number): void {
    const { layers, replay } = this;
    const slopes = this.slopes;
    replay.read(slot, this.normalised);
    this.forward();
    const last = layers.length - 1;
    const { labelSmoothing } = this.options.learning;
    crossEntropyGradient(this.probabilities, replay.labelOf(slot), labelSmoothing, slopes[last]!);
    for (let l = last; l >= 0; l--) {
      const x = l === 0 ? this.input : layers[l - 1]!.output;
      layers[l]!.backward(x, slopes[l]!, l === 0 ? null : slopes[l - 1]!);
    }
  }
}
