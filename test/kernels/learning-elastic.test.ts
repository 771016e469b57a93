import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ElasticWeights } from '../../kernels/learning/elastic-weights.ts';
import { createRandom } from '../../kernels/random.ts';

const near = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)), `${actual}, not ${expected}`);

interface Setting {
  readonly parameters: Float32Array[];
  readonly gradients: Float64Array[];
  readonly elastic: ElasticWeights;
}

const setting = (lambda: number, decay: number): Setting => {
  const parameters = [Float32Array.of(0.5, -1, 2), Float32Array.of(3)];
  const gradients = parameters.map(({ length }) => new Float64Array(length));
  return { parameters, gradients, elastic: new ElasticWeights(parameters, gradients, { lambda, decay }) };
};

/** Consolidates on samples, each the gradients of all parameters. */
const consolidate = ({ gradients, elastic }: Setting, samples: readonly (readonly number[])[]): void => {
  elastic.begin();
  for (const [a, b, c, d] of samples) {
    gradients[0]!.set([a!, b!, c!]);
    gradients[1]!.set([d!]);
    elastic.observe();
  }
  elastic.consolidate();
};

const elastics = suite('elastic weight consolidation');

elastics('the Fisher diagonal is the mean of squared per-sample gradients, not the square of their mean', () => {
  const one = setting(1, 0);
  consolidate(one, [
    [1, 2, 0, -4],
    [-1, 4, 0, 4],
  ]);
  // Samples that pull apart: by the square of the mean, the first and the last would be 0.
  // Kept in a byte each: of the largest root within 1/510, of the largest anchor within 1/254.
  [1, 10, 0, 16].forEach((value, i) => {
    near(one.elastic.fisherDiagonal[i]!, value, 0.02);
  });
  [0.5, -1, 2, 3].forEach((value, i) => {
    near(one.elastic.anchorParams[i]!, value, 0.008);
  });
  assert.ok(
    one.gradients.every((gradient) => gradient.every((value) => value === 0)),
    'the gradients are clear',
  );
});

elastics('the decayed average is corrected: one consolidation counts in full, equal ones change nothing', () => {
  for (const decay of [0, 0.5, 0.9, 0.99]) {
    const one = setting(2, decay);
    assert.is(one.elastic.penalty, 0, 'nothing is held before the first');
    for (let times = 1; times <= 4; times++) {
      consolidate(one, [[1, 2, 3, 4]]);
      one.parameters[0]![0] = one.parameters[0]![0]! + 1;
      near(one.elastic.penalty, 1, 0.03);
    }
  }
});

elastics('two consolidations weigh as their decay says, by hand', () => {
  const one = setting(1, 0.9);
  consolidate(one, [[1, 0, 0, 0]]);
  consolidate(one, [[3, 0, 0, 0]]);
  one.parameters[0]![0] = 1.5;
  // (0.9 × 0.1 × 1 + 0.1 × 9) / (1 - 0.81) = 5.2105…; λ/2 F 1².
  near(one.elastic.penalty, (0.5 * (0.09 + 0.9)) / 0.19, 0.01);
});

elastics('the gradient of the penalty equals finite differences of it', () => {
  const random = createRandom(12);
  const one = setting(0.7, 0.8);
  for (let times = 0; times < 3; times++) {
    consolidate(
      one,
      Array.from({ length: 5 }, () => Array.from({ length: 4 }, () => random.normal())),
    );
    for (const values of one.parameters) for (let i = 0; i < values.length; i++) values[i] = random.normal();
  }
  const factor = 3;
  one.elastic.addGradient(factor);
  one.parameters.forEach((values, k) => {
    values.forEach((value, i) => {
      const [up, down] = [1, -1].map((sign) => {
        values[i] = value + sign * 2 ** -7;
        return [values[i]!, one.elastic.penalty] as const;
      });
      values[i] = value;
      near(one.gradients[k]![i]!, (factor * (up![1] - down![1])) / (up![0] - down![0]), 1e-5);
    });
  });
});

elastics('a consolidation without samples changes nothing; one begun anew forgets what it had seen', () => {
  const one = setting(1, 0.9);
  one.elastic.consolidate();
  assert.is(one.elastic.remaining[0], 1);
  one.gradients[0]!.fill(100);
  one.elastic.observe();
  consolidate(one, [[1, 1, 1, 1]]);
  near(one.elastic.fisherDiagonal[0]!, 0.1, 1e-3);
});

elastics.run();
