import type { CborLimits } from './cbor-scan.ts';
import { type Codec, MESSAGE_LIMITS } from './codec.ts';
import type { Envelope } from './envelope.ts';
import { hexOf } from './hex.ts';
import { LIMITS } from './limits.ts';
import type { MessageType } from './message.ts';
import { RefusalCounts } from './refusal-counts.ts';
import type { ReplayRejection, ReplayWindows } from './replay-windows.ts';
import { openSigned, type SenderKey, type SignedRejection } from './signed-envelope.ts';
import { type BucketRate, TokenBucket } from './token-bucket.ts';
import { senderInTopic } from './topic-sender.ts';

/** Why a message does not come in. The words are counted, published and documented: they never change. */
export type DoorRejection = 'topic' | 'unknownSender' | 'rate' | 'tooLong' | SignedRejection | ReplayRejection;

export interface DoorOptions {
  readonly codec: Codec;
  /** The key of `<site>/<name>`; null when no such gateway is enrolled, or it was revoked. Asked at every message. */
  keyOf(sender: string): SenderKey | null;
  /** Of every sender. */
  readonly rate: BucketRate;
  /** Of a whole message, its signature included. */
  readonly bytesMax: number;
  /** What was seen so far; the caller stores and restores it (replay-state.ts). */
  readonly windows: ReplayWindows;
}

export type Admission<Body> =
  | { readonly ok: true; readonly value: Envelope<Body> }
  | {
      readonly ok: false;
      readonly reason: DoorRejection;
      /** `<site>/<name>` below whose name it came; null when that is nobody known. */
      readonly peer: string | null;
      /** Whether its signature holds: then the peer itself made what is wrong with it, whoever carried it. */
      readonly isProven: boolean;
    };

/**
 * The one way in for signed messages: bytes and topic become a message that an enrolled gateway wrote and that was not
 * taken before, or a reason that is counted. What costs least is asked first, and the signature, which costs a hundred
 * times as much as a look into a list, only of a sender that keeps to its rate; it holds before its bytes are opened.
 */
export class Door {
  readonly refusals = new RefusalCounts<DoorRejection>(LIMITS.sendersMax);
  private readonly buckets = new Map<string, TokenBucket>();
  private readonly options: DoorOptions;
  private readonly limits: CborLimits;

  constructor(options: DoorOptions) {
    this.options = options;
    this.limits = { ...MESSAGE_LIMITS, bytesMax: Math.min(options.bytesMax, MESSAGE_LIMITS.bytesMax) };
  }

  /**
   * @param type the kind that belongs on this topic
   * @param now ms on a clock that does not jump
   */
  admit<Body>(type: MessageType<Body>, topic: string, bytes: Uint8Array, now: number): Admission<Body> {
    const { codec, keyOf, bytesMax, windows } = this.options;
    const sender = senderInTopic(topic);
    if (sender === null) return this.refuse('topic', null);
    const key = keyOf(sender);
    // Whoever invents senders has no bucket, and costs a look into the list.
    if (key === null) return this.refuse('unknownSender', null);
    const bucket = this.bucketOf(sender, now);
    if (bucket === null) return this.refuse('tooManySenders', null);
    if (!bucket.take(now)) return this.refuse('rate', sender);
    if (bytes.length > bytesMax) return this.refuse('tooLong', sender);
    const opened = openSigned(codec, type, { sender, key }, bytes, this.limits);
    if (!opened.ok) return this.refuse(opened.reason, sender, opened.isProven);
    const seen = windows.take(hexOf(key.kid), opened.value.epoch, opened.value.sequence);
    // A broker delivers twice in normal life, and anyone may repeat what was sent: a replay proves nothing.
    return seen === null ? opened : this.refuse(seen, sender);
  }

  /** Forgets a gateway that was revoked or has a new key; one that is still enrolled begins anew. */
  forget(sender: string, kid: Uint8Array): void {
    this.buckets.delete(sender);
    this.options.windows.forget(hexOf(kid));
  }

  private bucketOf(sender: string, now: number): TokenBucket | null {
    const known = this.buckets.get(sender);
    if (known !== undefined) return known;
    if (this.buckets.size >= LIMITS.sendersMax) return null;
    const made = new TokenBucket(this.options.rate, now);
    this.buckets.set(sender, made);
    return made;
  }

  private refuse<Body>(reason: DoorRejection, peer: string | null, isProven = false): Admission<Body> {
    this.refusals.count(peer, reason);
    return { ok: false, reason, peer, isProven };
  }
}
