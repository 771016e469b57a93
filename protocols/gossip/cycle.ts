import { ASIDE } from '../messages/gossip.ts';
import type { Conversation } from './conversation.ts';
import type { GossipStep } from './schedule.ts';

/** The steps of a cycle, one after the other, as far as messages and time allow. */
export class Cycle {
  constructor(private readonly conversation: Conversation) {}

  /** Does the present step if it can be done; false when it must wait, or the cycle has ended. */
  proceed(now: number): boolean {
    const { conversation } = this;
    const { rounds, membership, trust } = conversation.parts;
    const step = rounds.step;
    if (step === null) return this.finish();
    const peer = rounds.peerOf(step);
    const gone = membership.stateOf(peer) !== 'alive' || trust(peer) <= 0;
    if (step.first && !rounds.spoken) this.speak(step, peer, gone);
    const letter = step.takes ? rounds.takeLetter(step) : null;
    if (step.takes && letter === null && !gone && now < rounds.deadline) return false;
    // The share is of what was here before the peer's comes in: both halve the difference.
    if (!step.first && letter !== null && step.gives !== 'nothing') this.share(step, peer, gone);
    if (letter !== null) conversation.apply(peer, letter.message, false);
    else if (step.takes) this.miss(step, peer, gone, now);
    if (!step.first && step.gives !== 'nothing') conversation.say(peer, conversation.lane, step.round);
    rounds.next(now);
    return true;
  }

  private speak(step: GossipStep, peer: string, gone: boolean): void {
    const { conversation } = this;
    this.share(step, peer, gone);
    conversation.say(peer, conversation.lane, step.round);
    conversation.parts.rounds.spoken = true;
  }

  private miss(step: GossipStep, peer: string, gone: boolean, now: number): void {
    const { rounds, membership } = this.conversation.parts;
    rounds.complete = false;
    if (!gone) this.conversation.noteState(peer, () => membership.missed(peer, now));
    if (!step.first) this.share(step, peer, gone);
  }

  /** Who may be gone is given nothing more, and neither is who may be another than we think. */
  private share(step: GossipStep, peer: string, gone: boolean): void {
    const { holdings, membership } = this.conversation.parts;
    const generation = membership.generationOf(peer);
    if (step.gives === 'nothing' || gone || generation === 0) return;
    holdings.face(peer, generation);
    holdings.give(this.conversation.lane, peer, step.gives);
  }

  private finish(): boolean {
    const { conversation } = this;
    const { rounds, holdings, membership, outbox } = conversation.parts;
    rounds.stop();
    outbox.push({ kind: 'mixed', cycle: rounds.cycle, complete: rounds.complete });
    const loose = holdings.looseEnd((peer) => rounds.meets(peer) || !membership.isListed(peer), rounds.cycle);
    if (loose !== null) conversation.say(loose.peer, loose.lane, ASIDE);
    conversation.callLost();
    return false;
  }
}
