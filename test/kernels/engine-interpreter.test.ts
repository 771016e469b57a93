import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ArenaRequest, planArena } from '../../kernels/arena.ts';
import { createInterpreter } from '../../kernels/interpreter.ts';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import { Builtin } from '../../kernels/tflite/builtin-operator.ts';
import { TensorType } from '../../kernels/tflite/tensor-type.ts';
import { createEngine } from '../../kernels/wasm/engine.ts';
import { countTypedArrays } from '../support/count-typed-arrays.ts';
import { type DenseNetOptions, denseNet } from '../support/dense-net.ts';
import { ModelBuilder, perTensor, randomInt8, seeded } from '../support/models.ts';
import { refusalOf } from '../support/refusal.ts';

const interpreters = suite('interpreter');

const NET: DenseNetOptions = {
  sizes: [23, 33, 18, 6],
  perChannel: true,
  activation: 1,
  ending: 'softmax',
  floatEnds: false,
  withBias: true,
};

const INVOCATIONS = 20_000;

interpreters('invoke constructs no typed array and keeps no memory, frozen and adapted', () => {
  const random = seeded(61);
  for (const floatEnds of [false, true]) {
    const model = denseNet(random, { ...NET, floatEnds });
    const interpreter = createInterpreter(model, {
      engine: createEngine({ memoryBytes: 8 << 20 }),
      limits,
      keepActivations: true,
    });
    const set = interpreter.createAdapterSet({ rank: 2, scaling: 1 });
    const before = process.memoryUsage().arrayBuffers;
    const count = countTypedArrays(() => {
      for (let round = 0; round < INVOCATIONS; round++) {
        interpreter.invoke();
        interpreter.invoke(set);
      }
    });
    assert.is(count, 0);
    assert.ok(process.memoryUsage().arrayBuffers <= before, 'memory outside of the heap grew');
  }
  const caught = countTypedArrays(() => void new Int8Array(8).subarray(2).slice(1));
  assert.is(caught, 3, 'the counter does not see constructions');
});

interpreters('ten interpreters share an engine without touching one another', () => {
  const random = seeded(62);
  const engine = createEngine({ memoryBytes: 8 << 20 });
  const models = Array.from({ length: 10 }, () => denseNet(random, NET));
  const input = randomInt8(random, 23);
  const alone = models.map((model) => {
    const own = createInterpreter(model, {
      engine: createEngine({ memoryBytes: 8 << 20 }),
      limits,
      keepActivations: false,
    });
    own.inputs[0]!.data.set(input);
    own.invoke();
    return own.outputs[0]!.data.slice();
  });
  const together = models.map((model) => createInterpreter(model, { engine, limits, keepActivations: false }));
  for (const interpreter of together) interpreter.inputs[0]!.data.set(input);
  for (let round = 0; round < 2; round++) for (const interpreter of together) interpreter.invoke();
  assert.equal(
    together.map((interpreter) => interpreter.outputs[0]!.data.slice()),
    alone,
  );
});

interpreters('keepActivations keeps what every adapter point read and wrote, and costs memory only then', () => {
  const random = seeded(63);
  const model = denseNet(random, { ...NET, sizes: [40, 64, 64, 64, 64, 6] });
  const lean = createInterpreter(model, {
    engine: createEngine({ memoryBytes: 8 << 20 }),
    limits,
    keepActivations: false,
  });
  const kept = createInterpreter(model, {
    engine: createEngine({ memoryBytes: 8 << 20 }),
    limits,
    keepActivations: true,
  });
  assert.ok(kept.arenaBytes > lean.arenaBytes);
  kept.inputs[0]!.data.set(randomInt8(random, 40));
  kept.invoke();
  const points = kept.adapterPoints;
  assert.is(points.length, 5);
  for (let layer = 1; layer < points.length; layer++) {
    const before = points[layer - 1]!;
    const expected = Int16Array.from(before.output, (q) => q + before.outputOffset - before.outputZeroPoint);
    assert.equal(points[layer]!.input, expected, `input of layer ${layer}`);
    assert.is(points[layer]!.inputScale, before.outputScale);
  }
  assert.equal(Int8Array.from(points.at(-1)!.output), Int8Array.from(kept.logits.data));
});

interpreters('any computed tensor can be tapped: a view of the memory, valid after each invoke', () => {
  const random = seeded(66);
  const model = denseNet(random, NET);
  const { operators } = model.subgraph;
  const inside = operators.slice(0, -1).map(({ outputs }) => outputs[0]!);
  for (const kernels of ['compiled', 'plain'] as const) {
    const engine = createEngine({ memoryBytes: 8 << 20, kernels });
    const interpreter = createInterpreter(model, { engine, limits, keepActivations: true, taps: inside });
    for (let round = 0; round < 3; round++) {
      interpreter.inputs[0]!.data.set(randomInt8(random, 23));
      interpreter.invoke();
      interpreter.adapterPoints.forEach(({ output, outputOffset }, at) => {
        const { data } = interpreter.taps[at]!;
        assert.is(data.buffer, engine.uint8.buffer, 'a tap is a copy');
        assert.equal(
          Array.from(data),
          Array.from(output, (value) => value + outputOffset),
        );
      });
    }
    assert.equal(interpreter.taps.at(-1)!.data, interpreter.logits.data);
  }
  const engine = createEngine({ memoryBytes: 8 << 20 });
  const weights = operators[0]!.inputs[1]!;
  for (const stray of [weights, -1, 1000]) {
    const options = { engine, limits, keepActivations: false, taps: [stray] };
    assert.is(
      refusalOf(() => createInterpreter(model, options)),
      'modelMismatch',
    );
  }
});

interpreters('adapter points describe the file: weights, scales, clamps and places', () => {
  const random = seeded(64);
  const model = denseNet(random, NET);
  const { adapterPoints } = createInterpreter(model, {
    engine: createEngine({ memoryBytes: 8 << 20 }),
    limits,
    keepActivations: true,
  });
  assert.equal(
    adapterPoints.map(({ operator, rows, inFeatures, outFeatures }) => [operator, rows, inFeatures, outFeatures]),
    [
      [0, 1, 23, 33],
      [1, 1, 33, 18],
      [2, 1, 18, 6],
    ],
  );
  for (const point of adapterPoints) {
    const [, weights] = model.subgraph.operators[point.operator]!.inputs;
    const tensor = model.subgraph.tensors[weights!]!;
    assert.equal(
      new Uint8Array(point.weights.buffer, point.weights.byteOffset, point.weights.length),
      model.buffers[tensor.buffer],
    );
    assert.equal(point.weightScale, tensor.quantisation!.scale);
    const relu = point.operator < 2;
    assert.is(point.activationMin, relu ? point.outputZeroPoint : -128);
    assert.is(point.activationMax, 127);
  }
});

interpreters('logits are what the softmax reads, also behind a DEQUANTIZE, else the output', () => {
  const random = seeded(65);
  for (const [ending, floatEnds, expected] of [
    ['softmax', false, 't9'],
    ['softmax', true, 't10'],
    ['logits', false, 't9'],
  ] as const) {
    const model = denseNet(random, { ...NET, ending, floatEnds });
    const interpreter = createInterpreter(model, {
      engine: createEngine({ memoryBytes: 8 << 20 }),
      limits,
      keepActivations: false,
    });
    const { logits, adapterPoints, outputs } = interpreter;
    assert.is(logits.name, expected);
    assert.is(logits.data.byteOffset, adapterPoints.at(-1)!.output.byteOffset);
    assert.is(logits.name === outputs[0]!.name, ending === 'logits');
  }
});

interpreters('QUANTIZE clamps infinities and takes NaN for zero', () => {
  const builder = new ModelBuilder();
  const real = builder.tensor(TensorType.float32, [1, 4], null);
  const whole = builder.int8([1, 4], perTensor(0.5, 10));
  const model = builder.operator(Builtin.quantize, [real], [whole], ['Quantize', {}]).build([real], [whole]);
  const interpreter = createInterpreter(model, {
    engine: createEngine({ memoryBytes: 1 << 20 }),
    limits,
    keepActivations: false,
  });
  interpreter.inputs[0]!.data.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0.25]);
  interpreter.invoke();
  assert.equal(interpreter.outputs[0]!.data, Int8Array.of(10, 127, -128, 10));
});

interpreters('an engine that is full refuses, and stays usable', () => {
  const random = seeded(66);
  const engine = createEngine({ memoryBytes: 1 << 16 });
  const large = denseNet(random, { ...NET, sizes: [200, 200, 6] });
  const options = { engine, limits, keepActivations: false };
  const mark = engine.usedBytes;
  assert.is(
    refusalOf(() => createInterpreter(large, options)),
    'modelTooLarge',
  );
  assert.is(engine.usedBytes, mark);
  const small = createInterpreter(denseNet(random, { ...NET, sizes: [4, 6] }), options);
  small.invoke();
  assert.is(engine.usedBytes, mark + small.arenaBytes);
});

interpreters('an engine that cannot have its memory says what it needs', () => {
  assert.throws(() => createEngine({ memoryBytes: 2 ** 50 }), /needs 1125899906842624 bytes of address space/);
});

const requests: fc.Arbitrary<ArenaRequest[]> = fc.array(
  fc
    .record({ bytes: fc.integer({ min: 1, max: 300 }), first: fc.nat(20), life: fc.nat(8) })
    .map(({ bytes, first, life }) => ({
      bytes,
      first,
      last: first + life,
    })),
  { maxLength: 40 },
);

interpreters('arena plan: blocks alive together never overlap, and it beats no sharing', () => {
  fc.assert(
    fc.property(requests, (blocks) => {
      const { offsets, bytes } = planArena(blocks);
      const padded = blocks.map((block) => Math.ceil(block.bytes / 16) * 16);
      blocks.forEach((block, index) => {
        assert.is(offsets[index]! % 16, 0);
        assert.ok(offsets[index]! + block.bytes <= bytes);
        for (let other = 0; other < index; other++) {
          const apart = blocks[other]!.last < block.first || blocks[other]!.first > block.last;
          const below = offsets[other]! + blocks[other]!.bytes <= offsets[index]!;
          const above = offsets[index]! + block.bytes <= offsets[other]!;
          assert.ok(apart || below || above, `blocks ${other} and ${index} overlap`);
        }
      });
      assert.ok(bytes <= padded.reduce((sum, size) => sum + size, 0));
    }),
    { seed: 67, numRuns: 300 },
  );
});

interpreters('arena plan: a chain needs two neighbours at a time only', () => {
  const chain = Array.from({ length: 10 }, (_, index) => ({ bytes: 160, first: index, last: index + 1 }));
  assert.is(planArena(chain).bytes, 320);
});

interpreters.run();
