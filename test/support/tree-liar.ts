import { join } from 'node:path';
import { IDENTITY_FILES } from '../../firmware/io/identity-folder.ts';
import { openIdentity } from '../../firmware/io/keys.ts';
import { connectMqtt } from '../../firmware/io/mqtt.ts';
import { createPresence } from '../../firmware/machines/presence.ts';
import { clientIdOf } from '../../protocols/access.ts';
import { createCodec } from '../../protocols/codec.ts';
import { encodeSign1, readSign1 } from '../../protocols/cose/sign1.ts';
import { PLACES } from '../../protocols/dissemination/place.ts';
import { createEnvelopeWriter, openEnvelope } from '../../protocols/envelope.ts';
import { PUBLICATION } from '../../protocols/messages/publication.ts';
import { readTree, TREE, writeTree } from '../../protocols/messages/tree.ts';
import { topicName, treeFilter, treeTopic } from '../../protocols/topics.ts';
import type { TestFleet } from './fleet.ts';
import { TREE_SITE } from './tree-site.ts';

/** An enrolled gateway that is there, answers nobody, and says what it likes. */
export interface TreeLiar {
  /** The first publications that it was given, as their origin signed them; resolves when there are so many. */
  heard(count: number): Promise<readonly Uint8Array[]>;
  /** A publication of its own making, below any name. */
  signed(origin: string, sequence: number): Uint8Array;
  /** Hands something on to everybody, with its own signature. */
  give(to: string, path: readonly string[], publication: Uint8Array): void;
  close(): Promise<void>;
}

export const openLiar = async (of: { fleet: TestFleet; name: string; port: number }): Promise<TreeLiar> => {
  const { fleet, name, port } = of;
  const codec = createCodec();
  const { publicKey, sign } = await openIdentity(join(fleet.files(name).rootFile, '..', IDENTITY_FILES.identityKey));
  const writer = createEnvelopeWriter(codec, `${TREE_SITE}/${name}`, 1);
  const mesh = { lineage: '0123456789abcdef', generation: 1 };
  const presence = createPresence({ site: TREE_SITE, node: name, writer, about: { version: '0', mesh } });
  const mqtt = connectMqtt({
    ...(await fleet.endpoint(name, port)),
    clientId: clientIdOf(TREE_SITE, name),
    will: presence.will(0),
  });
  const publications: Uint8Array[] = [];
  let look = (): void => {};
  await mqtt.ready(10_000);
  await mqtt.subscribe(treeFilter(TREE_SITE, { peer: name }), (_topic, payload) => {
    const signed = readSign1(payload);
    const opened = signed.ok ? openEnvelope(codec, TREE, signed.value.payload) : signed;
    const message = opened.ok ? readTree(opened.value.body) : null;
    if (message?.kind !== 'give') return;
    const bytes = new Uint8Array(message.payload);
    if (!publications.some((known) => Buffer.from(known).equals(bytes))) publications.push(bytes);
    look();
  });
  const enrolment = await fleet.enrolment(name);
  mqtt.publish({ topic: topicName(TREE_SITE, name, 'enrolment'), payload: enrolment, qos: 1, retain: true });
  mqtt.publish(presence.online(0));
  return {
    heard: (count) =>
      new Promise((resolve) => {
        look = () => {
          if (publications.length >= count) resolve(publications);
        };
        look();
      }),
    signed: (origin, sequence) => {
      const { write } = createEnvelopeWriter(codec, `${TREE_SITE}/${origin}`, sequence);
      const body = { topic: 'model', sequence, type: 'text/plain', content: Uint8Array.of(66) };
      return encodeSign1(write(PUBLICATION, body, 0), publicKey.kid, sign);
    },
    give: (to, path, payload) => {
      const unsaid = { topic: '', origin: '', sequence: 0 };
      const give = { kind: 'give', ...unsaid, range: { from: 0, to: PLACES }, path, payload } as const;
      const bytes = encodeSign1(writer.write(TREE, writeTree(give), 0), publicKey.kid, sign);
      mqtt.publish({ topic: treeTopic(TREE_SITE, name, to), payload: bytes, qos: 1, retain: false });
    },
    close: () => {
      mqtt.publish(presence.offline(0));
      return mqtt.close();
    },
  };
};
