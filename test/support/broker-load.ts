import { connect, type IClientOptions, type MqttClient } from 'mqtt';

/** Messages without an acknowledgement, of one publisher. */
const IN_FLIGHT = 60;
const RETAINED_TOPICS = 5;
const POLL_MS = 20;
/** Until what is retained counts as lost. */
const RETAINED_MS_MAX = 5_000;

export type Qos = 1 | 2;
export type Who = 'awake' | 'asleep';
export const QOS: readonly Qos[] = [1, 2];

interface Delivery {
  readonly round: number;
  readonly number: number;
}

type Deliveries = ReadonlyMap<Qos, Delivery[]>;

/** What a publisher was told and what subscribers with sessions received, over the lives of a broker. */
export interface Ledger {
  /** By QoS: numbers whose acknowledgement has arrived. */
  readonly acknowledged: ReadonlyMap<Qos, Set<number>>;
  /** To one that comes back at once after each crash, and to one that was away all the time. */
  readonly awake: Deliveries;
  readonly asleep: Deliveries;
  /** By topic: the highest version acknowledged, and the highest sent. */
  readonly retained: ReadonlyMap<string, { acknowledged: number; sent: number }>;
  /** Numbers of QoS 1 that were not acknowledged when the broker was killed. */
  readonly sentAgain: ReadonlySet<number>;
}

export interface Load {
  readonly ledger: Ledger;
  /** Waits until everybody is connected to the broker of this round, and publishes from then on. */
  begin(round: number): Promise<void>;
  /** Resolves when so many acknowledgements have arrived since `begin`. */
  answers(count: number): Promise<void>;
  /** The broker is gone: nothing more is sent. */
  broken(): void;
  /** Publishes nothing new, wakes the sleeper, and resolves when all is acknowledged and delivered, or too late. */
  settle(round: number, deadlineMs: number): Promise<void>;
  end(): Promise<void>;
}

/** Clients that keep what MQTT has them keep, and come back by themselves. */
const PERSISTENT: IClientOptions = {
  ...{ clean: false, resubscribe: false, reconnectPeriod: 20, connectTimeout: 20_000, keepalive: 0 },
};

const connected = async (client: MqttClient): Promise<void> => {
  if (!client.connected) await new Promise<void>((resolve) => client.once('connect', () => resolve()));
};

const byQos = <T>(value: () => T): Map<Qos, T> => new Map(QOS.map((qos) => [qos, value()]));

/** A publisher of QoS 1, QoS 2 and retained messages, a subscriber that stays and one that sleeps. */
export const createLoad = async (url: string): Promise<Load> => {
  const acknowledged = byQos(() => new Set<number>());
  const retained = new Map<string, { acknowledged: number; sent: number }>();
  const sentAgain = new Set<number>();
  const [awake, asleep] = [byQos((): Delivery[] => []), byQos((): Delivery[] => [])];
  const ledger = { acknowledged, retained, sentAgain, awake, asleep };
  let [sent, inFlight, round, running, answers] = [0, 0, 0, false, 0];
  let heard = (): void => {};

  const client = (clientId: string): MqttClient => {
    const made = connect(url, { ...PERSISTENT, clientId });
    made.on('error', () => {});
    return made;
  };
  const subscriber = (clientId: Who): MqttClient => {
    const made = client(clientId);
    made.on('message', (topic, payload) =>
      ledger[clientId].get(topic.startsWith('q2') ? 2 : 1)!.push({ round, number: Number(payload) }),
    );
    return made;
  };
  const subscribers = [subscriber('awake'), subscriber('asleep')];
  await Promise.all(subscribers.map(connected));
  for (const each of subscribers) await each.subscribeAsync({ 'q1/+': { qos: 1 }, 'q2/+': { qos: 2 } });
  await subscribers.pop()!.endAsync();
  const publisher = client('publisher');

  const publishNext = (): void => {
    while (running && inFlight < IN_FLIGHT) {
      const number = sent++;
      inFlight += 1;
      if (number % 7 === 0) publishRetained(number);
      else publishOrdinary(number, number % 3 === 0 ? 2 : 1);
    }
  };
  const answered = (note: () => void) => (error?: Error) => {
    inFlight -= 1;
    if (error) return;
    answers += 1;
    note();
    heard();
    publishNext();
  };
  const publishOrdinary = (number: number, qos: Qos): void => {
    const note = answered(() => acknowledged.get(qos)!.add(number));
    publisher.publish(`q${qos}/${number % 4}`, String(number), { qos }, note);
  };
  const publishRetained = (version: number): void => {
    const topic = `r/${version % RETAINED_TOPICS}`;
    const known = retained.get(topic) ?? { acknowledged: -1, sent: -1 };
    retained.set(topic, known);
    known.sent = version;
    const note = answered(() => {
      known.acknowledged = Math.max(known.acknowledged, version);
    });
    publisher.publish(topic, String(version), { qos: 1, retain: true }, note);
  };

  return {
    ledger,
    begin: async (thisRound) => {
      round = thisRound;
      await Promise.all([publisher, ...subscribers].map(connected));
      running = true;
      answers = 0;
      publishNext();
    },
    answers: (count) =>
      new Promise((resolve) => {
        heard = () => {
          if (answers >= count) resolve();
        };
        heard();
      }),
    broken: () => {
      running = false;
      round += 1;
      for (let number = 0; number < sent; number++) {
        if (!acknowledged.get(1)!.has(number)) sentAgain.add(number);
      }
    },
    settle: async (lastRound, deadlineMs) => {
      round = lastRound;
      subscribers.push(subscriber('asleep'));
      await Promise.all([publisher, ...subscribers].map(connected));
      const missing = (): number =>
        QOS.reduce((sum, qos) => sum + missingOf(ledger, 'awake', qos).length, inFlight) +
        QOS.reduce((sum, qos) => sum + missingOf(ledger, 'asleep', qos).length, 0);
      const until = performance.now() + deadlineMs;
      while (missing() > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    },
    end: async () => {
      running = false;
      for (const each of [publisher, ...subscribers]) each.end(true);
    },
  };
};

/** Acknowledged, but never delivered. */
export const missingOf = (ledger: Ledger, who: Who, qos: Qos): number[] => {
  const seen = new Set(ledger[who].get(qos)!.map(({ number }) => number));
  return [...ledger.acknowledged.get(qos)!].filter((number) => !seen.has(number));
};

/**
 * Delivered more often than MQTT allows. QoS 2: ever. QoS 1: twice in one life of the broker, unless the publisher had
 * to send it again, because a life ended before its acknowledgement.
 */
export const repeatedOf = (ledger: Ledger, who: Who, qos: Qos): number[] => {
  const seen = new Set<string>();
  return ledger[who].get(qos)!.flatMap(({ round, number }) => {
    const key = qos === 2 ? String(number) : `${round}:${number}`;
    const repeated = seen.has(key) && (qos === 2 || !ledger.sentAgain.has(number));
    seen.add(key);
    return repeated ? [number] : [];
  });
};

/** What a newcomer gets under `r/#`, as numbers by topic. */
export const retainedAt = async (url: string, expected: number): Promise<Map<string, number>> => {
  const client = connect(url, { clean: true, reconnectPeriod: 20 });
  client.on('error', () => {});
  const found = new Map<string, number>();
  const all = new Promise<void>((resolve) => {
    client.on('message', (topic, payload) => {
      found.set(topic, Number(payload));
      if (found.size >= expected) resolve();
    });
  });
  await connected(client);
  await client.subscribeAsync('r/#', { qos: 0 });
  const deadline = new Promise<void>((resolve) => setTimeout(resolve, RETAINED_MS_MAX).unref());
  if (expected > 0) await Promise.race([all, deadline]);
  client.end(true);
  return found;
};
