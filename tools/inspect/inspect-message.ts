import type { Codec } from '../../protocols/codec.ts';
import { readSign1, type Sign1 } from '../../protocols/cose/sign1.ts';
import { type Envelope, readEnvelope } from '../../protocols/envelope.ts';
import { explain, type Problem } from './explain.ts';
import type { NamedKey } from './key-folder.ts';
import { KINDS } from './kinds.ts';
import { messageBytes, type Spelling } from './message-bytes.ts';

/** What is known of a message, as far as it could be read. `--json` prints it as it is: its shape is a promise. */
export interface Inspection {
  /** Of the message, not of the file that holds it as text. */
  readonly bytes: number;
  readonly spelling: Spelling;
  /** null: not signed, or not read so far. */
  readonly signature: SignatureReport | null;
  readonly message: Envelope<unknown> | null;
  /** The version of its kind that this software writes; null when the kind is not known. */
  readonly currentVersion: number | null;
  /** The first thing that is wrong with it; null when nothing is. */
  readonly problem: { readonly reason: Problem; readonly explanation: string } | null;
}

export interface SignatureReport {
  /** 16 hex digits. */
  readonly kid: string;
  /** `unchecked`: no keys were given. */
  readonly state: 'holds' | 'broken' | 'unknownKey' | 'unchecked';
  /** File of the key that it was checked with. */
  readonly keyFile: string | null;
}

/** 0x80 to 0x97: an array with its length in the first byte; all else that is CBOR is read as a signed message. */
const isArray = (first: number | undefined): boolean => first !== undefined && first >> 5 === 4;
/** An array of four is a COSE_Sign1 without its tag. */
const UNTAGGED = 0x84;

/** @param keys by kid in hexadecimal; null: signatures are not checked */
export function inspectMessage(
  codec: Codec,
  input: Uint8Array,
  keys: ReadonlyMap<string, NamedKey> | null,
): Inspection {
  const spelled = messageBytes(input);
  const { spelling, bytes } = spelled ?? { spelling: 'binary', bytes: input };
  const report = { bytes: bytes.length, spelling, signature: null, message: null, currentVersion: null };
  const failed = (reason: Problem) => ({ ...report, problem: { reason, explanation: explain(reason) } });
  if (bytes.length === 0) return failed('empty');
  if (spelled === null) return failed(/^\s*[{[]/.test(Buffer.from(input).toString('latin1')) ? 'json' : 'text');
  if (isArray(bytes[0]) && bytes[0] !== UNTAGGED) return { ...report, ...openPayload(codec, bytes) };
  const signed = readSign1(bytes);
  if (!signed.ok) return failed(signed.reason);
  const signature = checkSignature(signed.value, keys);
  const opened = openPayload(codec, signed.value.payload);
  return { ...report, signature, ...opened, problem: signatureProblem(signature) ?? opened.problem };
}

function checkSignature({ kid, toBeSigned, signature }: Sign1, keys: ReadonlyMap<string, NamedKey> | null) {
  const hex = Buffer.from(kid).toString('hex');
  const report = { kid: hex, keyFile: null };
  if (keys === null) return { ...report, state: 'unchecked' } as const;
  const known = keys.get(hex);
  if (known === undefined) return { ...report, state: 'unknownKey' } as const;
  const state = known.key.verify(toBeSigned, signature) ? 'holds' : 'broken';
  return { kid: hex, keyFile: known.file, state } as const;
}

function signatureProblem({ state }: SignatureReport): Inspection['problem'] {
  if (state === 'holds' || state === 'unchecked') return null;
  const reason = state === 'broken' ? 'signature' : 'unknownKey';
  return { reason, explanation: explain(reason) };
}

/** The body is shown as it came, also that of an earlier version. */
function openPayload(codec: Codec, bytes: Uint8Array): Pick<Inspection, 'message' | 'currentVersion' | 'problem'> {
  const problem = (reason: Problem) => ({ reason, explanation: explain(reason) });
  const read = readEnvelope(codec, bytes);
  if (!read.ok) return { message: null, currentVersion: null, problem: problem(read.reason) };
  const message = read.value;
  const type = KINDS.get(message.kind);
  if (type === undefined) return { message, currentVersion: null, problem: problem('kind') };
  const body = type.read(message.version, message.body);
  return { message, currentVersion: type.version, problem: body.ok ? null : problem(body.reason) };
}
