import type { Codec } from '../../protocols/codec.ts';
import type { EnvelopeWriter } from '../../protocols/envelope.ts';
import { type Gossip, restoreGossip } from '../../protocols/gossip/gossip.ts';
import type { Member } from '../../protocols/gossip/membership.ts';
import type { GossipOptions } from '../../protocols/gossip/options.ts';
import { decodeGossipState, encodeGossipState } from '../../protocols/gossip/state.ts';
import type { Seat } from './sites.ts';

/** A machine of the simulation, and what a crash of its gateway does to it. */
export interface MeshNode extends Seat {
  readonly index: number;
  readonly name: string;
  readonly liar: boolean;
  machine: Gossip;
  generation: number;
  writer: EnvelopeWriter;
  /** False while it is crashed. */
  up: boolean;
  /** Whether `machine` counts while it is down: its state is on disk. */
  kept: boolean;
  /** What its clock is ahead of virtual time, ms. */
  clockMs: number;
  /** Version of the list of members it has seen. */
  seen: readonly Member[] | null;
  /** When a tick is in the event queue, ms of virtual time. */
  wakeAt: number;
}

/** What a node with a disk comes back with: its state, through bytes. */
export function reopen(node: MeshNode, codec: Codec, options: GossipOptions): Gossip {
  const state = decodeGossipState(codec, encodeGossipState(codec, node.machine.save()));
  const machine = state === null ? null : restoreGossip(options, state);
  if (machine === null) throw new Error(`${node.name} cannot read its own state`);
  return machine;
}
