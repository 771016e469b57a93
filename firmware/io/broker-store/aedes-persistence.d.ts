/** Parts of aedes-persistence 11 that it has no usable types for. */
declare module 'aedes-persistence/asyncPersistence.js' {
  import type { Readable } from 'node:stream';
  import type { PublishPacket, Subscription } from 'aedes';

  interface Named {
    readonly id: string;
  }
  export interface StoredSubscription {
    readonly clientId: string;
    readonly topic: string;
    readonly qos: 1 | 2;
  }
  /** In memory, and lost with the process. */
  class MemoryPersistence {
    setup(broker: Named): Promise<void>;
    storeRetained(packet: PublishPacket): Promise<void>;
    createRetainedStream(pattern: string): Readable;
    createRetainedStreamCombi(patterns: readonly string[]): Readable;
    addSubscriptions(client: Named, subscriptions: readonly Subscription[]): Promise<void>;
    removeSubscriptions(client: Named, topics: readonly string[]): Promise<void>;
    cleanSubscriptions(client: Named): Promise<void>;
    subscriptionsByClient(client: Named): Promise<Subscription[]>;
    subscriptionsByTopic(topic: string): Promise<StoredSubscription[]>;
    countOffline(): Promise<{ subsCount: number; clientsCount: number }>;
    getClientList(topic: string): Readable;
    putWill(client: Named, packet: PublishPacket): Promise<void>;
    getWill(client: Named): Promise<PublishPacket | undefined>;
    delWill(client: Named): Promise<PublishPacket | undefined>;
    streamWill(brokers?: Record<string, number>): Readable;
    destroy(): Promise<void>;
  }
  export = MemoryPersistence;
}

declare module 'aedes-persistence/abstract.js' {
  interface Assert {
    deepEqual(actual: unknown, expected: unknown, message?: string): void;
    equal(actual: unknown, expected: unknown, message?: string): void;
    notEqual(actual: unknown, expected: unknown, message?: string): void;
    ok(value: unknown, message?: string): void;
  }
  /** As much of a test of node:test as the suite uses. */
  export interface AbstractTest {
    plan(assertions: number): void;
    diagnostic(text: string): void;
    readonly assert: Assert;
  }
  function abstractPersistence(options: {
    readonly test: (name: string, body: (t: AbstractTest) => Promise<void>) => void;
    readonly persistence: () => unknown;
    readonly testAsync: boolean;
  }): void;
  export = abstractPersistence;
}
