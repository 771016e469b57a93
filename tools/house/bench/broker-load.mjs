// A load for `npm run bench:broker`, in a process of its own: `broker-load.mjs PORT JSON`. Prints one JSON object.
import { rawClient } from './raw-client.mjs';

const [port, settings] = [Number(process.argv[2]), JSON.parse(process.argv[3])];
const PAYLOAD_BYTES = 100;

/** `messages` from one publisher to one subscriber, `inFlight` at a time; ends when the last one is delivered. */
const throughput = async ({ messages, inFlight, qos, durable }) => {
  const subscriber = await rawClient(port, 'subscriber', { clean: !durable });
  await subscriber.subscribe('load/#', qos);
  const publisher = await rawClient(port, 'publisher');
  const payload = Buffer.alloc(PAYLOAD_BYTES, 120);
  let [sent, delivered, answered] = [0, 0, 0];
  const started = performance.now();
  const fill = () => {
    // QoS 0 has no acknowledgement: what is delivered makes room.
    const done = qos > 0 ? answered : delivered;
    while (sent < messages && sent - done < inFlight) publisher.publish('load/a', payload, qos, (sent++ % 65_535) + 1);
  };
  await new Promise((resolve) => {
    publisher.onAck = () => {
      answered += 1;
      fill();
    };
    subscriber.onMessage = () => {
      delivered += 1;
      if (qos === 0) fill();
      if (delivered === messages) resolve();
    };
    fill();
  });
  return { perSecond: (messages / (performance.now() - started)) * 1_000 };
};

/** Latency of every delivery to 99 subscribers, with a hundredth that reads, or reads nothing. */
const fanOut = async ({ subscribers, frozen, messages, everyMs, bytes }) => {
  const latencies = [];
  const all = await Promise.all(Array.from({ length: subscribers }, (_, i) => rawClient(port, `s${i}`)));
  for (const [index, client] of all.entries()) {
    await client.subscribe('fan', 0);
    if (index > 0) client.onMessage = (payload) => latencies.push(performance.now() - payload.readDoubleBE(0));
    else if (frozen) client.socket.pause();
  }
  const publisher = await rawClient(port, 'publisher');
  for (let sent = 0; sent < messages; sent++) {
    const payload = Buffer.alloc(bytes);
    payload.writeDoubleBE(performance.now());
    publisher.publish('fan', payload, 0, 0);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  const expected = messages * (subscribers - 1);
  for (let waited = 0; latencies.length < expected && waited < 5_000; waited += 50) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  latencies.sort((a, b) => a - b);
  return { p99Ms: latencies[Math.floor(latencies.length * 0.99)], delivered: latencies.length, expected };
};

/** Messages for a session whose client has gone. */
const flood = async ({ messages, inFlight, bytes }) => {
  const sleeper = await rawClient(port, 'sleeper', { clean: false });
  await sleeper.subscribe('flood', 1);
  sleeper.end();
  const publisher = await rawClient(port, 'publisher');
  const payload = Buffer.alloc(bytes, 120);
  let [sent, answered] = [0, 0];
  await new Promise((resolve) => {
    const fill = () => {
      while (sent < messages && sent - answered < inFlight)
        publisher.publish('flood', payload, 1, (sent++ % 65_535) + 1);
    };
    publisher.onAck = () => {
      answered += 1;
      if (answered === messages) resolve();
      else fill();
    };
    fill();
  });
  return { answered };
};

const loads = { throughput, fanOut, flood };
console.log(JSON.stringify(await loads[settings.kind](settings)));
process.exit(0);
