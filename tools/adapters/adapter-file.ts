import type { Adaptation, Pipeline } from '../../firmware/pipeline.ts';
import type { PeftAdapter, PeftLayer } from '../../kernels/adapters/peft.ts';
import { moduleOf, writePeft } from '../../kernels/adapters/peft.ts';
import { CommandError } from '../errors.ts';

/** Our own entries in the metadata of an exported adapter. */
export const SEED_NOTE = 'myrmex.seed';
export const NAME_NOTE = 'myrmex.name';
export const PLACE_NOTE = 'myrmex.place';

/** A of both must agree to this share of their largest value: it was stored as float32 products of int8. */
const A_TOLERANCE = 1e-5;

/** @throws CommandError `noAdapters` */
export function adaptationOf({ adaptation }: Pipeline): Adaptation {
  if (adaptation === null) throw new CommandError('noAdapters', 'the model takes no adapters');
  return adaptation;
}

/** The adapter that a pipeline decides with, as a file. */
export function exportActive(pipeline: Pipeline): Uint8Array {
  const adaptation = adaptationOf(pipeline);
  return writePeft(exportAdapter(adaptation, adaptation.choice?.chooser.active ?? 0));
}

/** An adapter of a node as others can read it: the values that the engine computes with. */
export function exportAdapter(adaptation: Adaptation, id: number): PeftAdapter {
  const { pool, choice, adapters, seed } = adaptation;
  pool.load(id);
  const place = choice?.chooser.placeOf(id) ?? [];
  const notes = {
    [SEED_NOTE]: seed,
    ...(pool.nameOf(id) === '' ? {} : { [NAME_NOTE]: pool.nameOf(id) }),
    ...(place.length === 0 ? {} : { [PLACE_NOTE]: JSON.stringify(place) }),
  };
  const { rank, scaling } = adapters;
  return { rank, scaling, notes, layers: layersOf(adaptation) };
}

/**
 * Gives an adapter of a node what a file holds. The file may come from another model of the same architecture, as from
 * the same one quantised anew: factors are in real units.
 *
 * @throws CommandError `adapterMismatch` naming what differs
 */
export function importAdapter(adaptation: Adaptation, id: number, file: PeftAdapter): void {
  const { pool, choice, adapters } = adaptation;
  const own = layersOf(adaptation);
  requireArchitecture(own, file, adapters.rank);
  // A that learns is a part of the adapter.
  if (!adaptation.learnsA) requireSameA(own, file, adaptation.seed);
  const factor = file.scaling / adapters.scaling;
  const values = file.layers.flatMap(({ loraB, bias }) => [loraB.map((value) => value * factor), bias]);
  if (adaptation.learnsA) values.push(...file.layers.map(({ loraA }) => loraA));
  pool.write(id, values);
  const place: unknown = JSON.parse(file.notes[PLACE_NOTE] ?? '[]');
  if (choice === null || !Array.isArray(place) || place.length !== choice.chooser.dimensions) return;
  choice.chooser.putPlace(id, place.map(Number));
}

function layersOf({ model, interpreter, adapters, chain }: Adaptation): PeftLayer[] {
  const { operators, tensors } = model.subgraph;
  return chain.map((at) => {
    const { operator, inFeatures, outFeatures } = interpreter.adapterPoints[at]!;
    const { inputs, outputs } = operators[operator]!;
    const [, height = 1, width = 1, depth] = tensors[inputs[1]!]!.shape;
    const { loraA, loraAScale, loraB, bias } = adapters.points[at]!;
    return {
      name: moduleOf(tensors[outputs[0]!]!.name),
      ...{ inFeatures, outFeatures, filter: depth === undefined ? null : ([height, width] as const) },
      loraA: Float32Array.from(loraA, (q, i) => q * loraAScale[Math.floor(i / inFeatures)]!),
      loraB: loraB.slice(),
      bias: bias.slice(),
    };
  });
}

/** Shapes decide; the bytes of the model need not be the same. */
function requireArchitecture(own: readonly PeftLayer[], file: PeftAdapter, rank: number): void {
  const words = (layers: readonly PeftLayer[]): string =>
    layers.map(({ inFeatures, outFeatures }) => `${inFeatures}→${outFeatures}`).join(', ');
  if (file.rank === rank && words(own) === words(file.layers)) return;
  throw new CommandError(
    'adapterMismatch',
    `the adapter is of rank ${file.rank} for layers ${words(file.layers)}; ` +
      `this model takes rank ${rank} for ${words(own)}`,
  );
}

function requireSameA(own: readonly PeftLayer[], { layers, notes }: PeftAdapter, seed: string): void {
  const differs = layers.some(({ loraA }, l) => {
    const largest = own[l]!.loraA.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return loraA.some((value, i) => !(Math.abs(value - own[l]!.loraA[i]!) <= A_TOLERANCE * largest));
  });
  if (!differs) return;
  const theirs = notes[SEED_NOTE];
  const mend =
    theirs === undefined || theirs === seed
      ? 'merge it into the model instead (myrmexctl adapter merge)'
      : `set "learning": {"adapterSeed": "${theirs}"} in the configuration to go on with it`;
  throw new CommandError('adapterMismatch', `the adapter's A is not the one that this node draws: ${mend}`);
}
