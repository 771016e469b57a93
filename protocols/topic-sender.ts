import { isName } from './names.ts';

const TREE = 'mx/1/';

/**
 * The gateway below whose name a topic lies, `<site>/<node>` of `mx/1/<site>/<node>/…`, or null when it is no topic of
 * ours. A broker with an access list lets nobody else publish there.
 */
export function senderInTopic(topic: string): string | null {
  if (!topic.startsWith(TREE)) return null;
  const siteEnd = topic.indexOf('/', TREE.length);
  const nodeEnd = topic.indexOf('/', siteEnd + 1);
  if (siteEnd < 0 || nodeEnd < 0) return null;
  const isSound = isName(topic.slice(TREE.length, siteEnd)) && isName(topic.slice(siteEnd + 1, nodeEnd));
  return isSound ? topic.slice(TREE.length, nodeEnd) : null;
}
