import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CmsisRunner, loadCmsis } from '../support/cmsis.ts';
import { convolutionRunners } from '../support/cmsis-convolution.ts';
import { runNetwork } from '../support/cmsis-network.ts';
import { dataTest } from '../support/data.ts';

const vectors = suite('reference numerics against the vectors of CMSIS-NN');

/** How to run the cases of one file of the data set: one line per operator. */
const RUNNERS: Readonly<Record<string, CmsisRunner>> = {
  ...convolutionRunners,
  network_ds_cnn: runNetwork,
};

for (const [operator, run] of Object.entries(RUNNERS)) {
  dataTest(vectors, operator, 'cmsis_nn_vectors', () => {
    const cases = loadCmsis(operator);
    const left: string[] = [];
    for (const test of cases) {
      const result = run(test);
      if (typeof result === 'string') left.push(`${test.case} (${result})`);
      else assert.equal(Array.from(result.found), Array.from(result.expected), `${operator} ${test.case}`);
    }
    const why = left.length === 0 ? '' : `, without ${left.join(', ')}`;
    process.stdout.write(`cmsis-nn ${operator}: ${cases.length - left.length} of ${cases.length} cases${why}\n`);
    assert.ok(left.length < cases.length, `${operator}: no case ran`);
  });
}

vectors.run();
