import { ReplayBuffer, type ReplayBufferOptions } from '../../kernels/learning/replay-buffer.ts';

/** A buffer that draws by priority, of whole numbers -128 to 127 unless told otherwise, without the factory. */
export const replayBuffer = (
  options: Pick<ReplayBufferOptions, 'capacity' | 'featureCount' | 'classes'> & Partial<ReplayBufferOptions>,
): ReplayBuffer =>
  new ReplayBuffer({ scale: 1, zeroPoint: 0, alpha: 0.6, factoryWindows: 0, factoryShare: 0.25, ...options });
