// `npm run bench:million [-- WINDOWS]`: the whole pipeline of a node, with all its experts and a pool of adapters, over
// 10^6 windows of the demonstration's model, one in a hundred labelled; what memory does meanwhile.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createPipeline, defaultPipelineOptions } from '../../firmware/pipeline.ts';
import { createRandom } from '../../kernels/random.ts';

const PARTS = 10;
const LABEL_EVERY = 100;
const windows = Number(process.argv[2] ?? 1_000_000);
const model = readFileSync(fileURLToPath(new URL('../../firmware/demo/rotating-machine.tflite', import.meta.url)));
const pool = { ...defaultPipelineOptions.pool, adaptersMax: 8 };
const pipeline = createPipeline({ ...defaultPipelineOptions, model, seed: 0, pool });
const random = createRandom(1);
const { channels, window, labels } = pipeline.card;
const samples = new Float32Array(channels.length * window);
const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

for (let part = 1, index = 0; part <= PARTS; part++) {
  for (const end = Math.round((windows * part) / PARTS); index < end; index++) {
    // A level and a swing that wander with the window's class, so that states come and go.
    const label = Math.floor(index / 5_000) % labels.length;
    for (let i = 0; i < samples.length; i++) samples[i] = label + (1 + label) * random.normal();
    pipeline.decide({ samples, index, valid: true });
    if (index % LABEL_EVERY !== 0) continue;
    pipeline.observe(index, label);
    while (pipeline.owed > 0) pipeline.step();
  }
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const figures = `resident ${mib(rss)}, heap ${mib(heapUsed)}, arrays ${mib(arrayBuffers)} MiB`;
  process.stdout.write(`${index} windows: ${figures}\n`);
}
