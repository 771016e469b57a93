import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allOperators } from '../../kernels/ops/registry.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { dataPath } from '../support/data.ts';
import { denseNet } from '../support/dense-net.ts';
import { type LstmModel, lstmModel } from '../support/lstm-models.ts';
import { seeded } from '../support/models.ts';
import { operatorModels } from '../support/operator-models.ts';
import { randomNetwork, randomNetworkOptions } from '../support/random-network.ts';
import { BYTE_SCALES, SCALES, type SvdfModel, svdfModel } from '../support/svdf-models.ts';

export interface CorpusFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const DENSE_NETWORKS = 6;
const NETWORKS = 24;

/**
 * Sound models that mutants are made of, in groups that get equal shares: our own networks, one model per operator that
 * the engine has, streaming ones, and the files of the measurement data where they are.
 */
export function corpus(): readonly (readonly CorpusFile[])[] {
  return [networks(), operators(), streams(), dataFiles(''), dataFiles('seanet')].filter((group) => group.length > 0);
}

function networks(): CorpusFile[] {
  const dense = Array.from({ length: DENSE_NETWORKS }, (_, seed) => {
    const options = {
      sizes: [6 + seed, 8, 4],
      perChannel: seed % 2 === 0,
      activation: seed % 4,
      ending: (['softmax', 'logits', 'logistic'] as const)[seed % 3]!,
      floatEnds: seed % 3 === 1,
      withBias: seed % 2 === 0,
    };
    return { name: `dense network ${seed}`, bytes: writeModel(denseNet(seeded(seed), options)) };
  });
  const convolutional = Array.from({ length: NETWORKS }, (_, seed) => {
    const random = seeded(seed);
    const bytes = writeModel(randomNetwork(random, randomNetworkOptions(random, allOperators)));
    return { name: `network ${seed}`, bytes };
  });
  return [...dense, ...convolutional];
}

function operators(): CorpusFile[] {
  return operatorModels
    .filter(({ code }) => allOperators.has(code))
    .map(({ name, make }) => ({ name, bytes: writeModel(make(seeded(1))) }));
}

const LSTM: LstmModel = {
  ...{ batches: 1, steps: 4, inputs: 5, cells: 7, timeMajor: false, float: false, cellClip: 0 },
  ...{ cellExponent: -11, inputZeroPoint: 3, hiddenZeroPoint: -4, spread: 1.2 },
};
const SVDF: SvdfModel = {
  ...{ batches: 2, inputs: 5, units: 3, rank: 2, memory: 4, bias: true, activation: 1 },
  state: TensorType.int16,
};

/** Operators that keep a state from one inference to the next. */
function streams(): CorpusFile[] {
  const models = {
    'LSTM int8': lstmModel(seeded(1), LSTM),
    'LSTM int8, time first, clipped': lstmModel(seeded(2), { ...LSTM, batches: 2, timeMajor: true, cellClip: 1.5 }),
    'LSTM float32': lstmModel(seeded(3), { ...LSTM, float: true }),
    'SVDF int8': svdfModel(seeded(4), SVDF, SCALES),
    'SVDF int8, state of int8': svdfModel(seeded(5), { ...SVDF, state: TensorType.int8 }, BYTE_SCALES),
    'SVDF float32': svdfModel(seeded(6), { ...SVDF, state: TensorType.float32 }),
  };
  return Object.entries(models).map(([name, model]) => ({ name, bytes: writeModel(model) }));
}

function dataFiles(folder: string): CorpusFile[] {
  const path = dataPath('tflite_models', folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => name.endsWith('.tflite'))
    .sort()
    .map((name) => ({ name, bytes: readFileSync(join(path, name)) }));
}
