import type { StoredMessage } from '../../machines/session-queue.ts';
import type { Database } from '../store/write-queue.ts';
import type { Disk } from './disk.ts';
import { kindOfKey, numbersOfKey, outgoingKey, SCHEMA_KEY } from './keys.ts';
import { type BrokerRecords, RELEASED, type RetainedRecord, type WillRecord } from './records.ts';
import { createSession, type Session } from './session.ts';
import type { Sessions } from './sessions.ts';

/** Of messages that waited when the broker ended: it numbers its packets anew each time. */
const STORED_BROKER_ID = 'stored';

/** Everything found on disk, with the queues in place. */
export interface Contents {
  readonly sessions: readonly Session[];
  readonly retained: readonly RetainedRecord[];
  readonly wills: readonly WillRecord[];
  /** Records that could not be read; they stay on disk. */
  readonly damaged: number;
}

/** Raw records by kind, as LevelDB orders them. */
type Rows = Record<'finished' | 'incoming' | 'message' | 'outgoing' | 'retained' | 'session' | 'will', Row[]>;
type Row = readonly [key: string, value: Uint8Array];

/** Reads the whole directory into `sessions` and takes away what no session waits for any more. */
export const readContents = async (
  database: Database,
  records: BrokerRecords,
  sessions: Sessions,
  disk: Disk,
): Promise<Contents> => {
  const rows: Rows = { finished: [], incoming: [], message: [], outgoing: [], retained: [], session: [], will: [] };
  let damaged = 0;
  for await (const [key, value] of database.iterator()) {
    const kind = kindOfKey(key);
    if (kind !== null) rows[kind].push([key, value]);
    else if (key !== SCHEMA_KEY) damaged += 1;
  }
  const readAll = <T>(list: readonly Row[], read: (value: Uint8Array) => T | null): (readonly [string, T])[] =>
    list.flatMap(([key, value]) => {
      const record = read(value);
      if (record === null) damaged += 1;
      return record === null ? [] : [[key, record] as const];
    });

  const restored: Session[] = [];
  for (const [key, record] of readAll(rows.session, records.readSession)) {
    const session = createSession(numbersOfKey(key)[0]!, record.clientId, record.seen);
    for (const [topic, qos] of record.subscriptions) session.subscriptions.set(topic, qos);
    sessions.restore(session);
    restored.push(session);
  }
  const finished = new Set(rows.finished.map(([key]) => key.slice(2)));
  for (const [key, record] of readAll(rows.message, records.readMessage)) {
    const sequence = numbersOfKey(key)[0]!;
    const all = [...record.waiting];
    const done = all.filter(([number]) => finished.has(`${key.slice(2)}/${number}`)).map(([number]) => number);
    const waiting = all.filter(([number]) => !done.includes(number) && sessions.withNumber(number) !== undefined);
    const message: StoredMessage = { ...sessions.accept(record, new Map(waiting)), sequence, finished: done };
    if (waiting.length === 0) sessions.discard(message);
    else sessions.enqueue(message, STORED_BROKER_ID, sequence + 1);
  }
  for (const [key, sequence] of readAll(rows.outgoing, records.readOutgoing)) {
    const [number, messageId] = numbersOfKey(key) as [number, number];
    const queue = sessions.withNumber(number)?.queue;
    const entry = queue?.find(STORED_BROKER_ID, sequence + 1);
    if (sequence === RELEASED && queue !== undefined) queue.restoreReleased(messageId);
    else if (entry !== undefined) queue!.sending(entry, messageId, null);
    else disk.remove(outgoingKey(number, messageId));
  }
  for (const [key] of rows.incoming) {
    const [number, messageId] = numbersOfKey(key) as [number, number];
    // aedes asks only whether it is there.
    const packet = { cmd: 'publish', topic: '', payload: '', qos: 2, dup: false, retain: false, messageId } as const;
    sessions.withNumber(number)?.incoming.set(messageId, packet);
  }
  const retained = readAll(rows.retained, records.readRetained).map(([, record]) => record);
  const wills = readAll(rows.will, records.readWill).map(([, record]) => record);
  return { sessions: restored, retained, wills, damaged };
};
