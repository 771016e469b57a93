import type { Gossip, Preview } from '../../protocols/gossip/gossip.ts';
import { type GossipBody, readGossip } from '../../protocols/messages/gossip.ts';
import type { Share } from '../io/share.ts';
import type { Loss, LossBook } from './loss-book.ts';

export interface JudgeParts {
  readonly gossip: Gossip;
  readonly losses: LossBook;
}

/** Asks the compute worker beforehand what a rule against liars will want to know of a message, which asks at once. */
export const judgeAhead = async (
  { gossip, losses }: JudgeParts,
  share: Share,
  peer: string,
  body: GossipBody,
): Promise<void> => {
  const said = gossip.preview(peer, body);
  if (said === null) return;
  const { own, value, whole } = said;
  losses.note([
    { values: value, loss: await share.judge(whole(value)) },
    { values: own, loss: await share.judge(whole(own)) },
    await lossOfShipped(losses, gossip.cycle, readGossip(body).lane, said, share),
  ]);
};

/**
 * The model as it was shipped: a newcomer takes over nothing that is far worse than that. Its loss moves with the
 * windows that were labelled, not with messages: once a cycle is enough.
 */
const lossOfShipped = async (
  losses: LossBook,
  cycle: number,
  lane: number,
  { own, whole }: Preview,
  share: Share,
): Promise<Loss> => {
  const known = losses.shippedIn(cycle, lane);
  if (known !== null) return known;
  const values = new Float64Array(own.length);
  return losses.shipped(cycle, lane, { values, loss: await share.judge(whole(values)) });
};
