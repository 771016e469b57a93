import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultModelLimits as limits } from '../../kernels/limits.ts';
import type { TfliteModel } from '../../kernels/tflite/model.ts';
import { OPTIONS_LAYOUTS, optionsType } from '../../kernels/tflite/options.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { withOutputs } from '../../kernels/tflite/with-outputs.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { dataPath, dataTest } from '../support/data.ts';
import { denseNet } from '../support/dense-net.ts';
import { ModelBuilder, perTensor, seeded } from '../support/models.ts';

const roundTrip = suite('TFLite reader and writer');

const NET = { sizes: [9, 17, 4], activation: 1, ending: 'softmax', floatEnds: true, withBias: true } as const;

/** Buffers may be numbered anew for metadata; what they hold for tensors and entries must be the same. */
const contents = (model: TfliteModel) => ({
  ...model,
  buffers: null,
  constants: model.subgraph.tensors.map((tensor) => [...model.buffers[tensor.buffer]!]),
  metadata: model.metadata.map(({ name, bytes }) => ({ name, bytes: [...bytes] })),
});

for (const name of [
  'ad01_int8',
  'kws_ref_model',
  'hello_world_int8',
  'micro_speech_quantized',
  'audio_preprocessor_int8',
]) {
  dataTest(roundTrip, `${name} keeps operators, tensors, options, quantisation and metadata`, 'tflite_models', () => {
    const model = readModel(readFileSync(dataPath('tflite_models', `${name}.tflite`)), limits);
    assert.ok(model.subgraph.operators.length > 2);
    const again = readModel(writeModel(model), limits);
    assert.equal(contents(again), contents(model));
  });
}

for (const name of ['ad01_int8', 'kws_ref_model', 'hello_world_int8', 'micro_speech_quantized']) {
  dataTest(roundTrip, `${name} with another list of outputs is the same otherwise`, 'tflite_models', () => {
    const bytes = readFileSync(dataPath('tflite_models', `${name}.tflite`));
    const model = readModel(bytes, limits);
    const { subgraph } = model;
    const outputs = [...subgraph.outputs, subgraph.operators.at(-2)!.outputs[0]!];
    const other = readModel(withOutputs(bytes, outputs), limits);
    assert.equal(other.subgraph.outputs, outputs);
    assert.equal(contents({ ...other, subgraph: { ...other.subgraph, outputs: subgraph.outputs } }), contents(model));
  });
}

roundTrip('a file of any length takes other outputs', () => {
  const bytes = writeModel(denseNet(seeded(3), { ...NET, perChannel: true }));
  for (let more = 0; more < 4; more++) {
    const longer = new Uint8Array(bytes.length + more);
    longer.set(bytes);
    assert.equal(readModel(withOutputs(longer, [1]), limits).subgraph.outputs, [1]);
  }
});

roundTrip('a network of our own is read as it was written', () => {
  for (const perChannel of [false, true]) {
    const model = denseNet(seeded(31), { ...NET, perChannel });
    const again = readModel(writeModel(model), limits);
    assert.equal(contents(again).constants, contents(model).constants);
    assert.equal(again.subgraph.tensors, model.subgraph.tensors);
    assert.equal(again.operatorCodes, model.operatorCodes);
    const inputs = model.subgraph.operators.map((operator) => operator.inputs);
    assert.equal(
      again.subgraph.operators.map((operator) => operator.inputs),
      inputs,
    );
  }
});

roundTrip('metadata of any length and name survives, and gets a buffer of its own', () => {
  const entries = [
    { name: 'myrmex', bytes: Uint8Array.of(1, 2, 3, 0, 255) },
    { name: 'größer', bytes: new Uint8Array(1000).fill(7) },
    { name: 'empty', bytes: new Uint8Array(0) },
  ];
  const model = { ...denseNet(seeded(32), { ...NET, perChannel: false }), metadata: entries };
  const again = readModel(writeModel(model), limits);
  assert.equal(
    again.metadata.map(({ name, bytes }) => ({ name, bytes: [...bytes] })),
    entries.map(({ name, bytes }) => ({ name, bytes: [...bytes] })),
  );
});

/** The reader knows their ranges. */
const ENUMERATIONS: Readonly<Record<string, number>> = { padding: 1, fusedActivation: 5 };

roundTrip('every options table of the schema keeps its fields', () => {
  OPTIONS_LAYOUTS.forEach((layout) => {
    const fields = Object.fromEntries(
      layout.fields.map(({ name, kind }, index) => {
        const values = {
          i8: ENUMERATIONS[name] ?? index + 3,
          // Nothing steps backwards: the reader refuses it.
          i32: /^(stride|dilation|filter)/.test(name) ? 5 + index : -5 - index,
          i64: -7n,
          f32: 1.5,
          bool: true,
          text: 'a',
          i32s: [1, -2],
          f32s: [0.5],
        };
        return [name, values[kind]];
      }),
    );
    const builder = new ModelBuilder();
    const input = builder.int8([1, 1], perTensor(1, 0));
    const output = builder.int8([1, 1], perTensor(1, 0));
    const model = builder.operator(0, [input], [output], [layout.name, fields as never]).build([input], [output]);
    const options = readModel(writeModel(model), limits).subgraph.operators[0]!.options;
    assert.equal(options, { type: optionsType(layout.name), fields }, layout.name);
  });
});

roundTrip('the options union is the schema (spot checks of its numbering)', () => {
  // From tensorflow/lite/schema/schema.fbs, counted there.
  const known = { Conv2D: 1, FullyConnected: 8, Softmax: 9, Reshape: 17, Mul: 21, StridedSlice: 32, TransposeConv: 49 };
  for (const [name, type] of Object.entries(known)) assert.is(optionsType(name), type, name);
  assert.is(OPTIONS_LAYOUTS.length, 126);
});

roundTrip('constants start on 16 bytes, so that a mapped file can be used in place', () => {
  const file = writeModel(denseNet(seeded(33), { ...NET, perChannel: true }));
  const model = readModel(file, limits);
  const filled = model.buffers.filter((bytes) => bytes.length > 0);
  assert.ok(filled.length >= 4);
  for (const bytes of filled) assert.is((bytes.byteOffset - file.byteOffset) % 16, 0);
});

roundTrip('reading does not depend on where the file lies in its buffer', () => {
  const file = writeModel(denseNet(seeded(34), { ...NET, perChannel: true }));
  const shifted = new Uint8Array(file.length + 3);
  shifted.set(file, 3);
  assert.equal(contents(readModel(shifted.subarray(3), limits)), contents(readModel(file, limits)));
});

roundTrip.run();
