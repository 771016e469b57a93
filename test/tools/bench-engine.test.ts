import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { elementsOf } from '../../kernels/tflite/verify.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { contest, OURS } from '../../tools/bench/contest.ts';
import { ALIKE, drawBatch } from '../../tools/bench/micro-lora.ts';
import { drawnNetworks } from '../../tools/bench/networks.ts';
import type { Peer } from '../../tools/bench/peers/peer.ts';
import { contestTable, microLoraTable, refusals, writeSection } from '../../tools/bench/table.ts';
import { denseNet } from '../support/dense-net.ts';
import { randomInt8, seeded } from '../support/models.ts';
import { createOracle } from '../support/oracle.ts';

const bench = suite('npm run bench:engine');
const oracle = await createOracle();

bench('TensorFlow Lite takes every drawn network, and its answers follow the input', () => {
  for (const { name, draw } of drawnNetworks) {
    const file = draw(0);
    const { tensors, inputs } = readModel(file, limits).subgraph;
    const model = oracle.load(file);
    const random = seeded(91);
    const answers = Array.from({ length: 12 }, () =>
      model.run(randomInt8(random, elementsOf(tensors[inputs[0]!]!))).join(),
    );
    assert.ok(new Set(answers).size > 2, `${name}: ${[...new Set(answers)]}`);
    assert.equal(draw(0), file, `${name} is not drawn twice alike`);
    assert.not.equal(draw(1), file, `${name} does not depend on its seed`);
  }
});

/** A peer with a clock of its own. */
const peer = (name: string, us: number, answer: (input: Int8Array) => Int8Array): Peer => ({
  name,
  load: async () => ({ run: answer, timed: (calls) => calls * us * 1000, close: () => {} }),
});

bench('a contest compares results, times in turn, and shows refusals as such', async () => {
  const net = { sizes: [9, 4], perChannel: false, activation: 0, ending: 'logits', withBias: true } as const;
  const file = writeModel(denseNet(seeded(92), { ...net, floatEnds: false }));
  const theirs = oracle.load(file);
  const refusing: Peer = { name: 'refusing', load: () => Promise.reject(new Error('not\n this one')) };
  const [found] = await contest(
    [{ name: 'm', bytes: file }],
    [
      peer('equal', 50, (input) => theirs.run(input) as Int8Array),
      peer('wrong', 500, (input) => theirs.run(input).map((value) => value ^ 1) as Int8Array),
      refusing,
    ],
    1,
  );
  const { model, rows } = found!;
  assert.equal(
    rows.map(({ peer: name, us, identical, refusal }) => [name, us === null ? null : us > 0, identical, refusal]),
    [
      [OURS, true, true, ''],
      ['equal', true, true, ''],
      ['wrong', true, false, ''],
      ['refusing', null, null, 'not this one'],
    ],
  );
  assert.equal([rows[1]!.us, rows[2]!.us], [50, 500]);
  const contests = [{ model, rows: [{ ...rows[0]!, us: 10 }, ...rows.slice(1)] }];
  assert.equal(contestTable(contests), [
    '| model | Myrmex wasm | equal | wrong | refusing | ours / fastest peer | equal to ours in every bit |',
    '|---|---|---|---|---|---|---|',
    '| m | 10.0 | 50.0 | 500 | refused | 0.20 | equal |',
  ]);
  assert.equal(refusals(contests), ['refusing refuses m: not this one']);
});

bench('the section of the document is replaced, and nothing else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'myrmex-bench-'));
  const path = join(folder, 'benchmarks.md');
  try {
    writeFileSync(path, '# Figures\n\nbefore\n');
    writeSection(path, ['one']);
    writeFileSync(path, `${readFileSync(path, 'utf8')}\nafter\n`);
    writeSection(path, ['two', 'three']);
    assert.is(
      readFileSync(path, 'utf8'),
      '# Figures\n\nbefore\n\n<!-- bench:engine -->\ntwo\nthree\n<!-- /bench:engine -->\n\nafter\n',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

bench('adapters are shown per rank, against the first way', () => {
  const rows = [1, 2].flatMap((rank) => [
    { rank, name: 'plain', ns: 400 * rank },
    { rank, name: 'sona', ns: 8000 },
    { rank, name: 'ours', ns: 26 },
  ]);
  assert.equal(microLoraTable(rows).slice(2), [
    '| 1 | 400 (1.00) | 8,000 (20.00) | 26.0 (0.065) |',
    '| 2 | 800 (1.00) | 8,000 (10.00) | 26.0 (0.033) |',
  ]);
});

bench('the ways to compute adapters that are compared compute the same', () => {
  for (const rank of [1, 2]) {
    const [expected, ...others] = ALIKE.map(({ prepare }) => {
      const work = drawBatch(rank);
      prepare(work)();
      return work.output;
    });
    assert.ok(expected!.some((value) => Math.abs(value) > 10));
    for (const output of others) {
      output.forEach((value, at) => {
        assert.ok(Math.abs(value - expected![at]!) < 1e-3, `rank ${rank}, ${at}: ${value}, not ${expected![at]}`);
      });
    }
  }
});

bench.run();
