import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createPipeline, defaultPipelineOptions, type Pipeline } from '../../firmware/pipeline.ts';
import type { FactorBits } from '../../kernels/adapters/factor-codec.ts';
import { readPeft } from '../../kernels/adapters/peft.ts';
import { exportActive, importAdapter } from '../../tools/adapters/adapter-file.ts';
import { randomClassifierFile } from '../support/classifier.ts';
import { taughtStream } from '../support/teacher.ts';

const adapters = suite('adapters whose A learned, as files');

const CHANNELS = 6;
const MODEL = randomClassifierFile({ channels: CHANNELS, hidden: [16, 12], classes: 3, seed: 11 });
const STREAM = taughtStream({ classes: 3, channels: CHANNELS, rows: 60, seed: 4, drift: 0.5 });

const create = (factorBits: FactorBits, learnA: number): Pipeline =>
  createPipeline({
    ...defaultPipelineOptions,
    ...{ model: MODEL, seed: 7, replayCapacity: 64, pendingWindows: 32, experts: ['frozen', 'local'] },
    learning: { ...defaultPipelineOptions.learning, batch: 8, factorBits, learnA },
  });

const judge = (pipeline: Pipeline, index: number): number[] => {
  const samples = STREAM.values.subarray(index * CHANNELS, (index + 1) * CHANNELS);
  return [...pipeline.probe(samples).expertConfidences];
};

const taught = (factorBits: FactorBits): Pipeline => {
  const pipeline = create(factorBits, 0.3);
  for (let index = 0; index < 20; index++) {
    const samples = STREAM.values.subarray(index * CHANNELS, (index + 1) * CHANNELS);
    pipeline.decide({ samples, index, valid: true });
    pipeline.observe(index, STREAM.label[index]!);
    while (pipeline.owed > 0) pipeline.step();
  }
  return pipeline;
};

for (const factorBits of [8, 4] as const) {
  adapters(`of ${factorBits} bits: another node that takes the file decides with the same bits`, () => {
    const pipeline = taught(factorBits);
    const file = readPeft(exportActive(pipeline));
    const other = create(factorBits, 0.3);
    importAdapter(other.adaptation!, 0, file);
    for (let index = 20; index < 60; index++) assert.equal(judge(other, index), judge(pipeline, index));
    assert.equal(readPeft(exportActive(other)).layers, file.layers);
  });
}

adapters('a node that keeps its A refuses another one', () => {
  const file = readPeft(exportActive(taught(8)));
  const other = create(8, 0);
  assert.throws(() => importAdapter(other.adaptation!, 0, file), /A is not the one that this node draws/);
});

adapters.run();
