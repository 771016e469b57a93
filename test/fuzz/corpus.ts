import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allOperators } from '../../kernels/ops/registry.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { dataPath } from '../support/data.ts';
import { denseNet } from '../support/dense-net.ts';
import { seeded } from '../support/models.ts';
import { operatorModels } from '../support/operator-models.ts';
import { randomNetwork, randomNetworkOptions } from '../support/random-network.ts';

export interface CorpusFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const DENSE_NETWORKS = 6;
const NETWORKS = 24;

/**
 * Sound models that mutants are made of, in groups that get equal shares: our own networks, one model per operator that
 * the engine has, and the files of the measurement data where they are.
 */
export function corpus(): readonly (readonly CorpusFile[])[] {
  return [networks(), operators(), dataFiles(''), dataFiles('seanet')].filter((group) => group.length > 0);
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

function dataFiles(folder: string): CorpusFile[] {
  const path = dataPath('tflite_models', folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => name.endsWith('.tflite'))
    .sort()
    .map((name) => ({ name, bytes: readFileSync(join(path, name)) }));
}
