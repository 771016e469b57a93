import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type PeftAdapter, peftConfig, readPeft, writePeft } from '../../kernels/adapters/peft.ts';
import { readTensorFile, TensorFileError, writeTensorFile } from '../../kernels/adapters/safetensors.ts';
import { dice } from '../support/dice.ts';

const files = suite('adapters as safetensors');

/** A file by the specification's words: length, header, data. */
const fileOf = (header: string | Uint8Array, data: readonly number[] = [], length?: bigint): Uint8Array => {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
};

files('a file made by hand from the specification is read, whatever the order of its entries', () => {
  const header =
    '{"b":{"dtype":"F32","shape":[2],"data_offsets":[1,9]},"__metadata__":{"format":"pt"},' +
    '"a.\\u00e9":{"dtype":"I8","shape":[1,1],"data_offsets":[0,1]},"empty":{"dtype":"F16","shape":[0,3],"data_offsets":[9,9]}}   ';
  const { metadata, tensors } = readTensorFile(fileOf(header, [0xfe, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]));
  assert.equal(metadata, { format: 'pt' });
  assert.equal(
    tensors.map(({ name, dtype, shape, data }) => [name, dtype, shape, [...data]]),
    [
      ['a.é', 'I8', [1, 1], [0xfe]],
      ['b', 'F32', [2], [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]],
      ['empty', 'F16', [0, 3], []],
    ],
  );
});

files('golden bytes: what is written is what the specification says', () => {
  const data = Uint8Array.of(0, 0, 0x80, 0x3f);
  const bytes = writeTensorFile({ metadata: { k: 'v' }, tensors: [{ name: 't', dtype: 'F32', shape: [1], data }] });
  const header = '{"__metadata__":{"k":"v"},"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
  assert.is(header.length, 79);
  assert.equal(bytes, fileOf(`${header} `, [...data]));
});

files('hostile headers are refused before anything is made of them', () => {
  const tensor = (shape: string, offsets: string, dtype = 'F32'): string =>
    `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;
  const zeros = Array(8).fill(0);
  const cases: [string, Uint8Array][] = [
    ['shorter', Uint8Array.of(1, 2, 3)],
    ['longer than the file', fileOf('{}', [], 3n)],
    ['above', fileOf('{}', [], 0xffffffffn)],
    ['above', fileOf('{}', [], 1n << 60n)],
    ['begin with', fileOf(' {}')],
    ['not JSON', fileOf('{"a"')],
    ['not JSON', fileOf(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d))],
    ['twice', fileOf(`{"a":${tensor('[1]', '[0,4]')},"\\u0061":${tensor('[1]', '[4,8]')}}`, zeros)],
    ['twice', fileOf('{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}', zeros)],
    ['nests too deep', fileOf('{"a":{"b":{"c":1}}}')],
    ['overlap', fileOf(`{"a":${tensor('[1]', '[0,4]')},"b":${tensor('[1]', '[2,6]')}}`, zeros)],
    ['gap', fileOf(`{"a":${tensor('[1]', '[4,8]')}}`, zeros)],
    ['belong to no tensor', fileOf(`{"a":${tensor('[1]', '[0,4]')}}`, zeros)],
    ['outside', fileOf(`{"a":${tensor('[4]', '[0,16]')}}`, zeros)],
    ['outside', fileOf(`{"a":${tensor('[1]', '[8,4]')}}`, zeros)],
    ['as long as its shape', fileOf(`{"a":${tensor('[3]', '[0,8]')}}`, zeros)],
    ['as long as its shape', fileOf(`{"a":${tensor('[67108864,67108864]', '[0,8]')}}`, zeros)],
    ['are none', fileOf(`{"a":${tensor('[-2]', '[0,8]')}}`, zeros)],
    ['are none', fileOf(`{"a":${tensor('[1,1,1,1,1,1,1,1,2]', '[0,8]')}}`, zeros)],
    ['are none', fileOf(`{"a":${tensor('[2]', '[0.5,8]')}}`, zeros)],
    ['not known', fileOf(`{"a":${tensor('[2]', '[0,8]', 'constructor')}}`, zeros)],
    ['not known', fileOf('{"a":null}')],
    ['not known', fileOf('{"__proto__":{"dtype":"Q4"}}')],
    ['not texts', fileOf('{"__metadata__":{"a":1}}')],
    ['not texts', fileOf('{"__metadata__":["a"]}')],
  ];
  for (const [message, bytes] of cases) {
    assert.throws(
      () => readTensorFile(bytes),
      (error: Error) => error instanceof TensorFileError && error.message.includes(message),
      message,
    );
  }
});

files('2,000 mutants of a sound file are read or refused, and nothing else', () => {
  const sound = writePeft(drawn(3));
  const { whole } = dice(9);
  let refused = 0;
  for (let round = 0; round < 2000; round++) {
    const mutant = sound.slice(0, whole(0, 9) === 0 ? whole(0, sound.length) : sound.length);
    for (let change = whole(1, 3); change > 0 && mutant.length > 0; change--) {
      mutant[whole(0, Math.min(mutant.length - 1, 900))] = whole(0, 255);
    }
    try {
      readPeft(mutant);
    } catch (error) {
      assert.instance(error, TensorFileError);
      refused++;
    }
  }
  assert.ok(refused > 1000, `${refused}`);
});

const drawn = (seed: number): PeftAdapter => {
  const { random } = dice(seed);
  const values = (length: number): Float32Array => Float32Array.from({ length }, () => random() - 0.5);
  return {
    ...{ rank: 2, scaling: 0.5, notes: { 'myrmex.seed': '0123456789abcdef' } },
    layers: [
      {
        ...{ name: 'dense1', inFeatures: 5, outFeatures: 3, filter: null },
        ...{ loraA: values(10), loraB: values(6), bias: Float32Array.of(0.5, -0.25, 0) },
      },
      {
        ...{ name: 'net.conv', inFeatures: 12, outFeatures: 4, filter: [3, 2] as const },
        ...{ loraA: values(24), loraB: values(8), bias: values(4) },
      },
    ],
  };
};

files('an adapter goes out and comes in with every bit, under the names and in the order of PEFT', () => {
  const adapter = drawn(1);
  const bytes = writePeft(adapter);
  assert.equal(readPeft(bytes), adapter);
  const { metadata, tensors } = readTensorFile(bytes);
  const prefix = 'base_model.model.';
  assert.equal(
    tensors.map(({ name, shape }) => [name.replace(prefix, ''), ...shape]),
    [
      ['dense1.lora_A.weight', 2, 5],
      ['dense1.lora_B.weight', 3, 2],
      ['dense1.lora_B.bias', 3],
      ['net.conv.lora_A.weight', 2, 2, 3, 2],
      ['net.conv.lora_B.weight', 4, 2, 1, 1],
      ['net.conv.lora_B.bias', 4],
    ],
  );
  const { r, lora_alpha, peft_type, lora_bias, target_modules } = JSON.parse(metadata.adapter_config!);
  assert.equal([r, lora_alpha, peft_type, lora_bias], [2, 1, 'LORA', true]);
  assert.equal(target_modules, ['dense1', 'net.conv']);
  // PEFT's scaling × (B A x + bias): the bias that counts is 0.5.
  const bias = new DataView(tensors[2]!.data.buffer, tensors[2]!.data.byteOffset);
  assert.is(bias.getFloat32(0, true), 1);
  // Filters are [rank, channels, height, width] there and [rank, height, width, channels] here.
  const a = new DataView(tensors[3]!.data.buffer, tensors[3]!.data.byteOffset);
  const [rank, channel, row, column] = [1, 1, 2, 0];
  const theirs = a.getFloat32(4 * (rank * 12 + channel * 6 + row * 2 + column), true);
  assert.is(theirs, adapter.layers[1]!.loraA[rank * 12 + (row * 2 + column) * 2 + channel]);
});

files('what PEFT itself wrote is read with its own configuration; what is no LoRA is not', () => {
  const { layers } = drawn(2);
  const one = { ...drawn(2), layers: [layers[0]!], notes: {} };
  const bytes = writePeft(one);
  const config = { ...peftConfig(one), lora_alpha: 8, use_rslora: true };
  assert.ok(Math.abs(readPeft(bytes, config).scaling - 8 / Math.SQRT2) < 1e-12);
  assert.throws(() => readPeft(bytes, { ...config, peft_type: 'IA3' }), /configuration/);
  assert.throws(() => readPeft(bytes, { ...config, r: 3 }), /rank 3/);
  const { metadata, tensors } = readTensorFile(bytes);
  const stray = { ...tensors[0]!, name: 'base_model.model.dense1.lora_magnitude_vector' };
  assert.throws(() => readPeft(writeTensorFile({ metadata, tensors: [...tensors, stray] })), /not a part/);
  const nan = { ...tensors[1]!, data: tensors[1]!.data.slice().fill(0xff) };
  assert.throws(
    () => readPeft(writeTensorFile({ metadata, tensors: [tensors[0]!, nan, tensors[2]!] })),
    /not a number/,
  );
});

files.run();
