import type { Gossip } from '../../protocols/gossip/gossip.ts';
import type { GossipBody } from '../../protocols/messages/gossip.ts';
import type { Share } from '../io/share.ts';
import type { LossBook } from './loss-book.ts';

/** Asks the compute worker beforehand what a rule against liars will want to know of a message, which asks at once. */
export const judgeAhead = async (
  { gossip, losses }: { readonly gossip: Gossip; readonly losses: LossBook },
  share: Share,
  peer: string,
  body: GossipBody,
): Promise<void> => {
  const said = gossip.preview(peer, body);
  if (said === null) return;
  const { own, value, whole } = said;
  // The model as it was shipped: a newcomer takes over nothing that is far worse than that.
  const shipped = new Float64Array(value.length);
  losses.note([
    { values: value, loss: await share.judge(whole(value)) },
    { values: own, loss: await share.judge(whole(own)) },
    { values: shipped, loss: await share.judge(whole(shipped)) },
  ]);
};
