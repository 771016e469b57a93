import type { ModelLimits } from '../../kernels/limits.ts';
import { readModel } from '../../kernels/tflite/reader.ts';
import { writeModel } from '../../kernels/tflite/writer.ts';
import type { CorpusFile } from './corpus.ts';
import { Draw } from './draw.ts';
import { type Place, placesOf } from './file-places.ts';
import { byteMutations } from './mutate-bytes.ts';
import { editModel } from './mutate-model.ts';
import { overwritePlaces } from './mutate-places.ts';

export interface Mutant {
  /** The file it was made from, and what was done to it. */
  readonly what: string;
  readonly bytes: Uint8Array;
  /** For what is random after the file: which engine takes it, and its input. */
  readonly draw: Draw;
}

/** Makes mutant `number` of a seed, always the same for one corpus. */
export class Mutants {
  /** Places of each file, found once. */
  private readonly places = new Map<CorpusFile, readonly Place[]>();

  constructor(
    private readonly corpus: readonly (readonly CorpusFile[])[],
    private readonly limits: ModelLimits,
    private readonly seed: number,
  ) {}

  make(number: number): Mutant {
    const draw = new Draw(this.seed, number);
    const file = draw.of(draw.of(this.corpus));
    const [what, bytes] = this.mutate(file, draw);
    return { what: `${file.name}: ${what}`, bytes, draw };
  }

  private mutate(file: CorpusFile, draw: Draw): [what: string, bytes: Uint8Array] {
    const kind = draw.unit();
    if (kind < 0.25) return draw.of(byteMutations)(file.bytes, draw.of(draw.of(this.corpus)).bytes, draw);
    if (kind < 0.55) return overwritePlaces(file.bytes, this.placesOf(file), draw);
    let model = readModel(file.bytes, this.limits);
    const changes: string[] = [];
    const count = 1 + draw.below(3);
    while (changes.length < count) {
      const [what, changed] = editModel(model, draw);
      model = changed;
      changes.push(what);
    }
    return [changes.join('; '), writeModel(model)];
  }

  private placesOf(file: CorpusFile): readonly Place[] {
    const known = this.places.get(file);
    if (known !== undefined) return known;
    const places = placesOf(file.bytes);
    this.places.set(file, places);
    return places;
  }
}
