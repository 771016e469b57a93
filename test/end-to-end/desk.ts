import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { demoConfiguration } from '../../firmware/demo/configuration.ts';
import { connectMqtt } from '../../firmware/io/mqtt.ts';
import { createCodec } from '../../protocols/codec.ts';
import { openEnvelope } from '../../protocols/envelope.ts';
import { DECISION } from '../../protocols/messages/decision.ts';
import { LABEL_ACK } from '../../protocols/messages/label-ack.ts';
import { topicName } from '../../protocols/topics.ts';

const CONNECT_MS_MAX = 10_000;
const { site, node } = demoConfiguration;

/** Somebody who watches the demonstration's gateway from outside and labels its windows. */
export interface Desk {
  /** The last answer for each window that was labelled. */
  readonly answers: ReadonlyMap<string, string>;
  /** Ids of the windows decided while somebody watched, in order. */
  readonly decided: readonly string[];
  label(window: string, label: string): void;
  /** Resolves when this is so, looked at after every message. */
  until(enough: () => boolean): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param heard what to do with a decision and with an answer, if anything
 * @param gone aborted when the broker has been killed: rejects then, and leaves nothing open
 */
export const openDesk = async (
  url: string,
  heard: { decision?: (window: string, desk: Desk) => void; answer?: (window: string, status: string) => void } = {},
  gone?: AbortSignal,
): Promise<Desk> => {
  gone?.throwIfAborted();
  const codec = createCodec();
  const mqtt = connectMqtt({ url, clientId: `desk-${process.pid}-${url.slice(-5)}` });
  const given = new Promise<never>((_resolve, reject) => {
    gone?.addEventListener('abort', () => {
      void mqtt.close();
      reject(new Error('the broker was killed'));
    });
  });
  given.catch(() => {});
  await Promise.race([mqtt.ready(CONNECT_MS_MAX), given]);
  const subscribe: typeof mqtt.subscribe = (...what) => Promise.race([mqtt.subscribe(...what), given]);
  const answers = new Map<string, string>();
  const decided: string[] = [];
  const waiting = new Set<{ enough: () => boolean; resolve: () => void }>();
  const look = (): void => {
    for (const waiter of waiting) if (waiter.enough()) waiter.resolve();
  };
  const desk: Desk = {
    answers,
    decided,
    label: (window, label) => {
      const payload = new TextEncoder().encode(JSON.stringify({ window, label }));
      mqtt.publish({ topic: topicName(site, node, 'label'), payload, qos: 1, retain: false });
    },
    until: (enough) =>
      new Promise((resolve) => {
        waiting.add({ enough, resolve });
        look();
      }),
    close: () => mqtt.close(),
  };
  await subscribe(topicName(site, node, 'label/ack'), (_topic, payload) => {
    const opened = openEnvelope(codec, LABEL_ACK, payload);
    if (!opened.ok) return;
    const { window, status } = opened.value.body;
    answers.set(window, status);
    heard.answer?.(window, status);
    look();
  });
  await subscribe(topicName(site, node, 'decision'), (_topic, payload) => {
    const opened = openEnvelope(codec, DECISION, payload);
    if (!opened.ok) return;
    const { window } = opened.value.body;
    decided.push(window);
    heard.decision?.(window, desk);
    look();
  });
  return desk;
};

/** Configuration of the demonstration's gateway without its operator, on any port, with its state in `folder`. */
export const writeQuietConfiguration = async (folder: string, more: object = {}): Promise<string> => {
  const { labeller: _, ...quiet } = demoConfiguration;
  const path = join(folder, 'node.json');
  const state = join(folder, 'state');
  await writeFile(path, JSON.stringify({ ...quiet, state, broker: { embedded: true, port: 0 }, ...more }));
  return path;
};
