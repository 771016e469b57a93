import { CommandError } from '../errors.ts';
import type { TrainReport } from './report.ts';
import { trainAutoencoder } from './train-autoencoder.ts';
import { trainConvolutional } from './train-convolutional.ts';
import { trainDense } from './train-dense.ts';
import type { TrainOptions } from './train-options.ts';

/** A model as a .tflite file with its card, and what became of the training. */
export interface Trained {
  readonly bytes: Uint8Array;
  readonly report: TrainReport;
}

/**
 * Trains a classifier or an autoencoder on a recording. Same input, same bytes.
 *
 * @throws CommandError when the options contradict each other or the recording has too little to train on
 */
export async function trainModel(options: TrainOptions): Promise<Trained> {
  const { task = 'classification', model = 'dense', features, channelsOut, kernel } = options;
  const contradiction = (message: string): never => {
    throw new CommandError('contradiction', message, 2);
  };
  if (model === 'conv' && features !== 'auto' && features !== 'raw') {
    contradiction(`convolutions take the window itself: leave --features ${features}, or train a dense model`);
  }
  if (model === 'dense' && (channelsOut ?? kernel) !== undefined) {
    contradiction('--channels-out and --kernel belong to --model conv: leave them, or choose it');
  }
  if (task === 'anomaly') return trainAutoencoder(options);
  return model === 'conv' ? trainConvolutional(options) : trainDense(options);
}
