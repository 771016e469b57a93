import type { Publication } from './messages.ts';

/** What is remembered of deliveries; survives a restart when somebody stores it. */
export interface NewestState {
  /** At least the number of everything that was forgotten: what is not above it on an unknown stream is old. */
  readonly floor: number;
  /** The newest of each topic and origin. */
  readonly newest: readonly Publication[];
}

/**
 * The newest publication of each topic and origin. Bounded without a door for replays: of too many streams the one of
 * the lowest number is forgotten, and its number becomes the floor of all that are not known.
 */
export class Newest {
  private readonly streams = new Map<string, Publication>();
  private floor: number;

  /** @param streamsMax topics × origins, >= 2 */
  constructor(
    private readonly streamsMax: number,
    { floor, newest }: NewestState = { floor: -1, newest: [] },
  ) {
    this.floor = floor;
    for (const publication of newest) this.note(publication);
  }

  /** `known`: it is the newest one itself. `old`: there is a newer one of its topic and origin, or was. */
  standing(publication: Publication): 'new' | 'known' | 'old' {
    const last = this.streams.get(keyOf(publication))?.sequence;
    if (publication.sequence === last) return 'known';
    return publication.sequence > (last ?? this.floor) ? 'new' : 'old';
  }

  /** From now on this one is known, and what came before it is old. */
  note({ topic, origin, sequence }: Publication): void {
    const key = keyOf({ topic, origin });
    this.streams.set(key, { topic, origin, sequence });
    if (this.streams.size <= this.streamsMax) return;
    const others = [...this.streams].filter(([other]) => other !== key);
    const [lowest, { sequence: floor }] = others.reduce((a, b) => (b[1].sequence < a[1].sequence ? b : a));
    this.streams.delete(lowest);
    this.floor = Math.max(this.floor, floor);
  }

  get state(): NewestState {
    return { floor: this.floor, newest: [...this.streams.values()] };
  }
}

const keyOf = ({ topic, origin }: Pick<Publication, 'topic' | 'origin'>): string => `${topic}\n${origin}`;
