import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadModel } from '../../firmware/pipeline/loaded-model.ts';
import { defaultPipelineOptions } from '../../firmware/pipeline.ts';
import { FederatedAverage } from '../../tools/replay/federated-average.ts';
import { FullBaseline } from '../../tools/replay/full-baseline.ts';
import { randomClassifierFile } from '../support/classifier.ts';

const LOADED = loadModel(
  randomClassifierFile({ channels: 4, hidden: [8], classes: 3, seed: 2 }),
  defaultPipelineOptions.limits,
);
const PARAMETERS = 4 * 8 + 8 + 8 * 3 + 3;

/** Three nodes that saw different windows, one of them none. */
const federation = () => {
  const average = new FederatedAverage();
  const options = { ...defaultPipelineOptions, seed: 1 };
  const members = [0, 1, 2].map(() => average.join(new FullBaseline(LOADED, options, 1e-2, 'fedavg')));
  members.slice(0, 2).forEach((member, at) => {
    member.decide(Float32Array.of(1, -1, at, 0.5));
    member.learn(at);
  });
  return { average, members };
};

const valuesOf = ({ parameters }: FullBaseline): number[] => parameters.flatMap((values) => [...values]);

const averages = suite('federated average');

averages('after ten windows all nodes go on from the mean, and have sent four bytes for each weight', () => {
  const { average, members } = federation();
  const before = members.map(valuesOf);
  for (let tick = 1; tick < 10; tick++) average.tick([0, 1, 2]);
  assert.equal(members.map(valuesOf), before);
  average.tick([0, 1, 2]);
  const after = members.map(valuesOf);
  assert.is(after[0]!.length, PARAMETERS);
  after[0]!.forEach((value, i) => {
    const mean = (before[0]![i]! + before[1]![i]! + before[2]![i]!) / 3;
    assert.ok(Math.abs(value - mean) < 1e-7);
  });
  assert.equal(after[1], after[0]);
  assert.equal(after[2], after[0]);
  assert.ok(
    before[0]!.some((value, i) => Math.abs(value - after[0]![i]!) > 1e-4),
    'they had learned',
  );
  assert.equal(
    members.map(({ bytesSent }) => bytesSent),
    [0, 1, 2].map(() => 4 * PARAMETERS),
  );
});

averages('who has left is not counted, and who is alone sends nothing', () => {
  const { average, members } = federation();
  const [gone] = members.map(valuesOf);
  for (let tick = 1; tick <= 10; tick++) average.tick([1, 2]);
  assert.equal(valuesOf(members[0]!), gone);
  assert.equal(valuesOf(members[1]!), valuesOf(members[2]!));
  for (let tick = 1; tick <= 10; tick++) average.tick([1]);
  assert.equal(
    members.map(({ bytesSent }) => bytesSent),
    [0, 4 * PARAMETERS, 4 * PARAMETERS],
  );
});

averages.run();
