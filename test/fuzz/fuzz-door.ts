import * as assert from 'uvu/assert';
import { createCodec } from '../../protocols/codec.ts';
import { Door } from '../../protocols/door.ts';
import { LIMITS } from '../../protocols/limits.ts';
import { ReplayWindows } from '../../protocols/replay-windows.ts';
import { KINDS } from '../../tools/inspect/kinds.ts';
import { goldenMessages } from '../support/golden-messages.ts';
import { Draw } from './draw.ts';
import { mutateMessage, signerNamed } from './message-mutants.ts';

export interface DoorFuzz {
  readonly seed: number;
  /** Number of the first mutant; 0 unless one is played again. */
  readonly from: number;
  readonly count: number;
  /** A planted fault: the door takes any signature. */
  readonly isGullible: boolean;
}

export interface DoorFuzzReport {
  readonly admitted: number;
  readonly refused: ReadonlyMap<string, number>;
}

/** A sender that signs a high epoch closes its own window: with a new door every so often more than one is shut. */
const MUTANTS_PER_DOOR = 40;

const codec = createCodec();
const golden = goldenMessages();
const enrolled = new Set([...golden.map(({ sender }) => sender), 'plant-2/press-8']);

/**
 * Sends mutants of every kind of message to doors.
 *
 * @throws Error on what must not happen: an exception, a forgery that comes in, a refusal that is not counted by reason
 *   and by peer. Its message says how to play the mutant again.
 */
export function fuzzDoor({ seed, from, count, isGullible }: DoorFuzz): DoorFuzzReport {
  const refused = new Map<string, number>();
  let admitted = 0;
  for (let first = from; first < from + count; first += MUTANTS_PER_DOOR) {
    const door = doorOf(isGullible);
    const end = Math.min(from + count, first + MUTANTS_PER_DOOR);
    const before = admitted;
    for (let number = first; number < end; number++) admitted += tryMutant(door, seed, number) ? 1 : 0;
    const refusals = end - first - (admitted - before);
    const reasons = door.refusals.byReason();
    const byPeer = Object.values(door.refusals.byPeer()).reduce((sum, counts) => sum + total(counts), 0);
    assert.equal(
      [total(reasons), byPeer],
      [refusals, refusals],
      `mutants ${first} to ${end - 1} by reason and by peer`,
    );
    for (const [reason, times] of Object.entries(reasons)) refused.set(reason, (refused.get(reason) ?? 0) + times);
  }
  return { admitted, refused };
}

const doorOf = (isGullible: boolean): Door =>
  new Door({
    codec,
    bytesMax: LIMITS.messageBytesMax,
    rate: { perSecond: 1e9, burst: 1e9 },
    windows: new ReplayWindows(LIMITS.sendersMax),
    keyOf: (sender) => {
      if (!enrolled.has(sender)) return null;
      const { kid, verify } = signerNamed(sender).publicKey;
      return { kid, verify: isGullible ? () => true : verify };
    },
  });

const total = (counts: Readonly<Record<string, number | undefined>>): number =>
  Object.values(counts).reduce<number>((sum, count = 0) => sum + count, 0);

function tryMutant(door: Door, seed: number, number: number): boolean {
  const draw = new Draw(seed, number);
  const message = draw.of(golden);
  const { what, topic, bytes, mayPass } = mutateMessage(message, draw);
  const type = KINDS.get(message.kind)!;
  try {
    const answer = door.admit(type, topic, bytes, 0);
    if (!answer.ok) return false;
    assert.ok(mayPass, 'it came in');
    assert.ok(type.check(answer.value.body), 'its body breaks the schema');
    assert.ok(topic.startsWith(`mx/1/${answer.value.sender}/`), 'it names another sender');
    return true;
  } catch (cause) {
    const place = `FUZZ_SEED=${seed} FUZZ_FROM=${number} FUZZ_MESSAGES=1`;
    const again = `${place} node --import tsx test/protocols/door.test.ts`;
    throw new Error(`mutant ${number}, ${message.kind} ${what}: ${cause}\n${again}`, { cause });
  }
}
