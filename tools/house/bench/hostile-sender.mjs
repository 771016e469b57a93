// The attacker of `npm run bench:hostile`, in a process of its own, run with tsx: `hostile-sender.mjs PORT SITE VICTIM
// LINEAGE MEMBERS PER_SECOND`. Says `ready` to its parent when the victim has answered; `{ cycle }` makes it prepare,
// `begin` send and `end` stop, and then it says how much it sent.
import { fieldsOf, HOSTILE_KINDS, Liar } from '../../bench/hostile-messages.ts';
import { rawClient } from './raw-client.mjs';

const [port, site, victim, lineage, members, perSecond] = process.argv.slice(2);
const TICK_MS = 2;

const client = await rawClient(Number(port), 'attacker');
const liars = Array.from({ length: Number(members) }, (_, at) => new Liar(site, `liar-${at}`, victim));

let id = 0;
const publish = ({ topic, payload }) => {
  client.publish(topic, payload, 1, (id++ % 65_535) + 1);
};
/** The first message that brings mass has the shape of all of them. */
const template = await new Promise((resolve) => {
  client.onMessage = (payload) => {
    const fields = fieldsOf(payload);
    if (fields === null) return;
    if (fields.values.length > 0) resolve(fields);
    else for (const liar of liars) publish(liar.ask(fields));
  };
  client.subscribe(`mx/1/${site}/${victim}/gossip/+`, 0);
  for (const liar of liars) publish(liar.presence(lineage));
});
client.onMessage = () => {};
process.send('ready');

let [queue, next, sent, timer] = [[], 0, 0, null];
/** Kinds in turn, members in turn. */
const prepare = (cycle) => {
  const ahead = liars.map((liar) => liar.prepare(template, cycle));
  const count = ahead[0].wrong.length;
  queue = [];
  for (let at = 0; at < count; at++) {
    for (const kind of HOSTILE_KINDS) for (const messages of ahead) queue.push(messages[kind][at]);
  }
};
const begin = () => {
  const started = performance.now();
  sent = 0;
  next = 0;
  timer = setInterval(() => {
    const due = ((performance.now() - started) * Number(perSecond)) / 1_000;
    client.socket.cork();
    for (; sent < due; sent++) publish(queue[next++ % queue.length]);
    client.socket.uncork();
  }, TICK_MS);
};

process.on('message', (order) => {
  if (order === 'begin') begin();
  else if (order === 'end') {
    clearInterval(timer);
    process.send({ sent });
  } else {
    prepare(order.cycle);
    process.send('prepared');
  }
});
