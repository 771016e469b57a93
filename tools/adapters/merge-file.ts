import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type MergedLayer, mergeModel } from '../../kernels/adapters/merge-model.ts';
import type { PeftAdapter } from '../../kernels/adapters/peft.ts';
import { defaultModelLimits } from '../../kernels/limits.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import { CommandError } from '../errors.ts';

/** Metadata of a merged model: the file it was made from, deflated. */
const ORIGINAL = 'myrmex.original';

/** Merges an adapter into a model file, which keeps the file that it was. */
export function mergeFile(file: Uint8Array, adapter: PeftAdapter): { merged: Uint8Array; layers: MergedLayer[] } {
  const { model, layers } = mergeModel(readModel(file, defaultModelLimits), adapter);
  const original = { name: ORIGINAL, bytes: new Uint8Array(deflateRawSync(file)) };
  const metadata = [...model.metadata.filter(({ name }) => name !== ORIGINAL), original];
  return { merged: writeModel({ ...model, metadata }), layers: [...layers] };
}

/** @throws CommandError `notMerged` */
export function unmergeFile(file: Uint8Array): Uint8Array {
  const { metadata } = readModel(file, defaultModelLimits);
  const original = metadata.find(({ name }) => name === ORIGINAL);
  if (original === undefined) throw new CommandError('notMerged', 'nothing was merged into this model by myrmexctl');
  return inflateRawSync(original.bytes, { maxOutputLength: defaultModelLimits.modelBytesMax });
}
