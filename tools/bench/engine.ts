// The program of `npm run bench:engine`: our engine against every runtime that npm has for .tflite models.
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contest } from './contest.ts';
import { benchMicroLora } from './micro-lora.ts';
import { drawnNetworks } from './networks.ts';
import { openLiteRt } from './peers/litert.ts';
import { openNative } from './peers/native.ts';
import type { Peer } from './peers/peer.ts';
import { openTfliteWasm } from './peers/tflite-wasm.ts';
import { contestTable, microLoraTable, refusals, writeSection } from './table.ts';

const ROUNDS = 25;
const FILES = ['ad01_int8', 'kws_ref_model', 'hello_world_int8', 'micro_speech_quantized', 'person_detect'];

const root = fileURLToPath(new URL('../../', import.meta.url));
const data = process.env.MYRMEX_DATA ?? join(root, '..', 'shared', 'data');
const say = (line: string): void => void process.stderr.write(`${line}\n`);

interface NamedModel {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Models of the measurement data where it is there, the demonstration's, and the drawn ones. */
function models(): NamedModel[] {
  const files = FILES.flatMap((name) => {
    const path = join(data, 'tflite_models', `${name}.tflite`);
    if (existsSync(path)) return [{ name, bytes: readFileSync(path) }];
    say(`left out: ${path} is not there (set MYRMEX_DATA)`);
    return [];
  });
  const demo = { name: 'the demonstration', bytes: readFileSync(join(root, 'firmware/demo/rotating-machine.tflite')) };
  return [...files, demo, ...drawnNetworks.map(({ name, draw }) => ({ name, bytes: draw(0) }))];
}

/** A peer that cannot even start, as the native one without a compiler, is left out. */
async function openPeers(): Promise<Peer[]> {
  const peers: Peer[] = [];
  for (const open of [openTfliteWasm, openLiteRt, async () => openNative()]) {
    try {
      peers.push(await open());
    } catch (error) {
      say(`left out: ${error instanceof Error ? error.message : error}`);
    }
  }
  return peers;
}

const rounds = Number(process.argv[2] ?? ROUNDS);
const peers = await openPeers();
say('models ...');
const contests = await contest(models(), peers, rounds);
say('MicroLoRA ...');
const table = contestTable(contests);
const adapters = microLoraTable(benchMicroLora(rounds));
const lines = [
  `Median microseconds of one inference, ${rounds} rounds in turn, one thread; Node ${process.versions.node} on`,
  `${cpus()[0]?.model.trim() ?? process.arch}. Refused: the runtime does not take the model.`,
  '',
  ...table,
  '',
  'MicroLoRA forward, width 256, batch 32, in brackets against plain JavaScript:',
  '',
  ...adapters,
];
process.stdout.write(`${lines.join('\n')}\n`);
for (const line of refusals(contests)) say(line);
writeSection(join(root, 'docs', 'benchmarks.md'), lines);
// Runtimes in wasm keep timers of their own.
process.exit(0);
