import type { LoadedModel } from '../../firmware/pipeline/loaded-model.ts';

/** A dense layer of the model in float, as a start to train every weight from. */
export class FloatLayer {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** What was learned on top of the model: [out × in], [out]. Apart from it, so that decay leads back to it. */
  readonly weightsChange: Float32Array;
  readonly biasChange: Float32Array;
  readonly weightsGradient: Float64Array;
  readonly biasGradient: Float64Array;
  /** [out], of the last `forward`. */
  readonly output: Float64Array;
  private readonly weights: Float32Array;
  private readonly bias: Float32Array;
  /** Bounds of the fused activation, real units. */
  private readonly low: number;
  private readonly high: number;

  /** @param at index of the layer's adapter point */
  constructor({ model, interpreter }: LoadedModel, at: number) {
    const point = interpreter.adapterPoints[at]!;
    const { inFeatures, outFeatures, weightScale, inputScale, outputScale, outputZeroPoint } = point;
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.weights = Float32Array.from(point.weights, (q, i) => q * weightScale[Math.floor(i / inFeatures)]!);
    const tensor = model.subgraph.operators[point.operator]!.inputs[2] ?? -1;
    this.bias = new Float32Array(outFeatures);
    if (tensor >= 0) {
      const bytes = model.buffers[model.subgraph.tensors[tensor]!.buffer]!;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let c = 0; c < outFeatures; c++) this.bias[c] = view.getInt32(c * 4, true) * inputScale * weightScale[c]!;
    }
    const real = (q: number): number => (q - outputZeroPoint) * outputScale;
    const fusedBelow = point.activationMin > -128 || point.activationMin === outputZeroPoint;
    this.low = fusedBelow ? real(point.activationMin) : -Infinity;
    this.high = point.activationMax < 127 ? real(point.activationMax) : Infinity;
    this.weightsChange = new Float32Array(this.weights.length);
    this.biasChange = new Float32Array(outFeatures);
    this.weightsGradient = new Float64Array(this.weights.length);
    this.biasGradient = new Float64Array(outFeatures);
    this.output = new Float64Array(outFeatures);
  }

  forward(x: Float64Array): Float64Array {
    const { inFeatures, weights, weightsChange } = this;
    for (let c = 0; c < this.outFeatures; c++) {
      let sum = this.bias[c]! + this.biasChange[c]!;
      for (let i = 0, at = c * inFeatures; i < inFeatures; i++, at++)
        sum += (weights[at]! + weightsChange[at]!) * x[i]!;
      this.output[c] = Math.max(this.low, Math.min(this.high, sum));
    }
    return this.output;
  }

  /** Adds the gradients for input x and dL/dy `upstream`; writes dL/dx unless `downstream` is null. */
  backward(x: Float64Array, upstream: Float64Array, downstream: Float64Array | null): void {
    const { inFeatures, weights, weightsChange, weightsGradient, biasGradient } = this;
    downstream?.fill(0);
    for (let c = 0; c < this.outFeatures; c++) {
      const y = this.output[c]!;
      const slope = y > this.low && y < this.high ? upstream[c]! : 0;
      if (slope === 0) continue;
      biasGradient[c] = biasGradient[c]! + slope;
      for (let i = 0, at = c * inFeatures; i < inFeatures; i++, at++) {
        weightsGradient[at] = weightsGradient[at]! + slope * x[i]!;
        if (downstream !== null) downstream[i] = downstream[i]! + slope * (weights[at]! + weightsChange[at]!);
      }
    }
  }
}
