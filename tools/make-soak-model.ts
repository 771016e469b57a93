// Writes the demonstration's model with another pace: `node --import tsx tools/make-soak-model.ts RATE FILE`. The
// machine is sampled 6,400 times a second whatever the rate; windows overlap, or lie apart, so that RATE of them come
// a second.
import { readFileSync, writeFileSync } from 'node:fs';
import { cardOf } from '../firmware/model-file.ts';
import { MACHINE_SAMPLE_RATE_HZ } from '../firmware/simulated-machine.ts';
import { defaultModelLimits } from '../kernels/limits.ts';
import { readModel } from '../kernels/tflite/reader.ts';
import { writeModel } from '../kernels/tflite/writer.ts';
import { encodeModelCard, MODEL_CARD_METADATA_NAME } from '../protocols/model-card.ts';

const [rate, out] = process.argv.slice(2);
const model = readModel(
  readFileSync(new URL('../firmware/demo/rotating-machine.tflite', import.meta.url)),
  defaultModelLimits,
);
const card = { ...cardOf(model), stride: Math.round(MACHINE_SAMPLE_RATE_HZ / Number(rate)) };
const metadata = [{ name: MODEL_CARD_METADATA_NAME, bytes: encodeModelCard(card) }];
writeFileSync(out!, writeModel({ ...model, metadata }));
