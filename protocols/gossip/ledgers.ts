import {
  acknowledge,
  agreedOn,
  createIncoming,
  createOutgoing,
  type Incoming,
  type Outgoing,
  readSum,
} from './edge.ts';
import { bytesToFloats, floatsToBytes } from './float-bytes.ts';
import type { Lane } from './lanes.ts';
import { GOSSIP_LIMITS } from './limits.ts';
import type { PackedValues } from './quantiser.ts';
import type { LaneState } from './state.ts';

type EdgeState = Omit<LaneState['incoming'][number], 'peer'>;

/** Both ends of one lane's edges with every peer. No mass is moved here. */
export class Ledgers {
  readonly outgoing = new Map<string, Outgoing>();
  readonly incoming = new Map<string, Incoming>();

  /** @param isAnchored whether edges code differences to what both ends agreed on; the same on all nodes */
  constructor(
    private readonly lane: Lane,
    readonly isAnchored: boolean,
  ) {}

  /** The edge to a peer; begun with `transfer`, the last number used, when there is none. */
  to(peer: string, transfer: number): Outgoing {
    let edge = this.outgoing.get(peer);
    if (edge === undefined) {
      this.makeRoom();
      edge = createOutgoing(transfer);
      this.outgoing.set(peer, edge);
    }
    return edge;
  }

  from(peer: string): Incoming {
    return this.incoming.get(peer) ?? createIncoming();
  }

  /** Drops the ledger of a peer that was given up, when there are too many. */
  private makeRoom(): void {
    if (this.outgoing.size < GOSSIP_LIMITS.edgesMax) return;
    for (const [peer, { returned, packed }] of this.outgoing) {
      if (!returned && packed !== null) continue;
      this.forget(peer);
      return;
    }
  }

  forget(peer: string): void {
    this.outgoing.delete(peer);
    this.incoming.delete(peer);
  }

  acknowledged(peer: string, transfer: number): void {
    const edge = this.outgoing.get(peer);
    if (edge === undefined) return;
    // It had more once. (Or this is an old message: then a later transfer takes more levels, and that is all.)
    if (transfer < edge.base) edge.isToldInFull = true;
    acknowledge(edge, transfer, (arrived) => this.agreed(arrived));
  }

  /** What both ends agreed on when the sender set a new base; null when this end does not know it. */
  anchorAfter(edge: Incoming, base: number): Float32Array | null {
    return base === edge.upTo ? this.agreed(edge) : null;
  }

  private agreed(edge: Incoming): Float32Array | null {
    return this.isAnchored ? agreedOn(edge, this.lane) : null;
  }

  save(): Pick<LaneState, 'outgoing' | 'incoming'> {
    return {
      outgoing: [...this.outgoing].map(([peer, edge]) => ({ peer, ...edge, anchor: anchorToBytes(edge.anchor) })),
      incoming: [...this.incoming].map(([peer, edge]) => ({ peer, ...edge, anchor: anchorToBytes(edge.anchor) })),
    };
  }

  /** False when the state is of another lane; the ledgers are then unfit for use. */
  restore({ outgoing, incoming }: Pick<LaneState, 'outgoing' | 'incoming'>): boolean {
    for (const { peer, ...edge } of outgoing) this.outgoing.set(peer, { ...edge, ...ownBytesOf(edge) });
    for (const { peer, ...edge } of incoming) this.incoming.set(peer, { ...edge, ...ownBytesOf(edge) });
    const sum = new Float64Array(this.lane.length);
    const isSound = (edge: Incoming): boolean => {
      const { anchor } = edge;
      const fits = anchor === null || (anchor.length === this.lane.length && anchor.every(Number.isFinite));
      return fits && readSum(edge, this.lane, sum);
    };
    return [...this.outgoing.values(), ...this.incoming.values()].every(isSound);
  }
}

/** Bytes of their own: those of a message are views of it. (`slice` of a Buffer is a view as well.) */
export function copyOf({ scales, values }: PackedValues): PackedValues {
  return { scales: new Uint8Array(scales), values: new Uint8Array(values) };
}

function ownBytesOf({ packed, anchor }: EdgeState): Pick<Incoming, 'packed' | 'anchor'> {
  return {
    packed: packed === null ? null : copyOf(packed),
    anchor: anchor === null ? null : bytesToAnchor(anchor),
  };
}

function anchorToBytes(anchor: Float32Array | null): Uint8Array | null {
  return anchor === null ? null : floatsToBytes(Float64Array.from(anchor));
}

/** Of any length: whoever reads a state checks it. */
function bytesToAnchor(bytes: Uint8Array): Float32Array {
  const values = new Float64Array(bytes.length >> 3);
  return bytesToFloats(bytes, values) ? Float32Array.from(values) : new Float32Array(0);
}
