import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import Type from 'typebox';
import { Compile } from 'typebox/schema';
import type { Publication } from '../../protocols/dissemination/messages.ts';
import { Newest } from '../../protocols/dissemination/newest.ts';
import { DISSEMINATION } from '../../protocols/dissemination/settings.ts';
import { LIMITS } from '../../protocols/limits.ts';
import { MEDIA_TYPE } from '../../protocols/messages/publication.ts';
import { Name } from '../../protocols/names.ts';
import { Count } from '../../protocols/numbers.ts';
import type { OpenedPublication } from '../../protocols/publication.ts';
import { jsonOf, textOf } from '../../protocols/text.ts';
import { NodeError } from '../errors.ts';
import { readIfThere, writeWhole } from './files.ts';
import { makeDirectory } from './make-directory.ts';

const Entry = Type.Object(
  {
    ...{ topic: Name, origin: Name, sequence: Count, type: Type.String({ pattern: MEDIA_TYPE.source }) },
    bytes: Type.Integer({ minimum: 0, maximum: LIMITS.publishedBytesMax }),
  },
  { additionalProperties: false },
);

const check = Compile(
  Type.Object(
    {
      version: Type.Literal(1),
      floor: Type.Integer({ minimum: -1, maximum: Number.MAX_SAFE_INTEGER }),
      received: Type.Array(Entry, { maxItems: DISSEMINATION.streamsMax }),
    },
    { additionalProperties: false },
  ),
);

/** 64 entries of 360 bytes at most. */
const LIST_BYTES_MAX = 65_536;

/** What was published to this node: the newest of each topic and origin as a file, and a list of them. */
export interface Received {
  /** As the list says; whoever delivers notes it there. */
  readonly newest: Newest;
  /** On disk when it resolves, and in no list yet: after a crash it is delivered again. @throws NodeError */
  write(publication: OpenedPublication): Promise<string>;
  /** Writes the list as `newest` is now, and takes away the files of what is no longer in it. @throws NodeError */
  commit(): Promise<void>;
}

/**
 * @param directory of the node's state: files `received/<topic>/<origin>.bin`, the list `received.json`
 * @throws NodeError `receivedState` when the list is damaged: without it old publications would be delivered again
 */
export const openReceived = async (directory: string): Promise<Received> => {
  const path = join(directory, 'received.json');
  const folder = join(directory, 'received');
  const list = await readList(path);
  const newest = new Newest(DISSEMINATION.streamsMax, { floor: list.floor, newest: list.received });
  const entries = new Map(list.received.map((entry) => [fileOf(entry), entry] as const));
  return {
    newest,
    write: async ({ topic, origin, sequence, type, content }) => {
      const file = join(folder, fileOf({ topic, origin }));
      await makeDirectory(join(folder, topic));
      await writeWhole(file, content);
      entries.set(fileOf({ topic, origin }), { topic, origin, sequence, type, bytes: content.length });
      return file;
    },
    commit: async () => {
      const { floor, newest: known } = newest.state;
      const kept = new Set(known.map(fileOf));
      const received = [...entries].filter(([file]) => kept.has(file)).map(([, entry]) => entry);
      await writeWhole(path, `${JSON.stringify({ version: 1, floor, received })}\n`);
      for (const file of entries.keys()) {
        if (kept.has(file)) continue;
        await rm(join(folder, file), { force: true });
        entries.delete(file);
      }
    },
  };
};

/** With an ending, so that no name is that of another's half-written file. */
const fileOf = ({ topic, origin }: Pick<Publication, 'topic' | 'origin'>): string => `${topic}/${origin}.bin`;

const readList = async (path: string) => {
  const bytes = await readIfThere(path, 'list of what was received', LIST_BYTES_MAX);
  if (bytes === null) return { floor: -1, received: [] };
  const list = jsonOf(textOf(bytes));
  if (check.Check(list)) return list;
  const mend = 'restore it, or remove it: what was published before may come again';
  throw new NodeError('receivedState', `${path} is damaged; ${mend}`);
};
