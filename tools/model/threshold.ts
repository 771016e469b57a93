import { createPipeline, defaultPipelineOptions } from '../../firmware/pipeline.ts';
import { CommandError } from '../errors.ts';
import type { Windows } from './describe-windows.ts';

/** Score of each window, by the node's own pipeline; `model` is a .tflite with a card of the anomaly task. */
export function scoresOf(model: Uint8Array, { channels, window, count, samples }: Windows): Float64Array {
  const pipeline = createPipeline({ ...defaultPipelineOptions, model, seed: 0, experts: ['frozen'] });
  const size = channels.length * window;
  return Float64Array.from({ length: count }, (_, index) => {
    const window = samples.subarray(index * size, (index + 1) * size);
    return pipeline.decide({ samples: window, index, valid: true }).values[0]!;
  });
}

/**
 * The threshold of an anomaly model from windows that are normal: the smallest score that is not below the given share
 * of them (the empirical quantile, Hyndman and Fan 1996, type 1), measured by the node's own pipeline.
 *
 * @param model .tflite with a card of the anomaly task, whatever its threshold
 * @throws CommandError when every score is 0
 */
export function thresholdOf(
  model: Uint8Array,
  windows: Windows,
  quantile: number,
): { threshold: number; remark: string } {
  const { count } = windows;
  const scores = scoresOf(model, windows).sort();
  const threshold = scores[Math.max(0, Math.ceil(quantile * count) - 1)]!;
  if (!(threshold > 0)) {
    const why = 'the model gives back exactly what it takes';
    throw new CommandError('threshold', `every normal window scores 0 (${why}): set --threshold by hand`);
  }
  const share = `${Number((quantile * 100).toFixed(3))} %`;
  const few = count * (1 - quantile) < 1 ? '; too few for this quantile, it is their largest score' : '';
  const remark = `threshold ${threshold.toPrecision(4)}: ${share} of ${count} normal windows do not score above${few}`;
  return { threshold, remark };
}
