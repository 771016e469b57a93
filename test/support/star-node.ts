// A node of a star without its model: the real desk, connection, key and files around a learner whose labels add known
// numbers. It is killed at any moment. Arguments: URL of the broker, name, coordinator, directory, labels in all.
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../firmware/io/clock.ts';
import { identityFolder } from '../../firmware/io/fleet-folder.ts';
import { openIdentityKeys } from '../../firmware/io/identity-folder.ts';
import { connectMqtt } from '../../firmware/io/mqtt.ts';
import type { Share } from '../../firmware/io/share.ts';
import { createPresence } from '../../firmware/machines/presence.ts';
import { openStar } from '../../firmware/mesh/star-desk.ts';
import { createVitals } from '../../firmware/vitals.ts';
import { createCodec } from '../../protocols/codec.ts';
import { createEnvelopeWriter } from '../../protocols/envelope.ts';
import { STAR_LINEAGE, STAR_PARTS, STAR_SITE, STAR_SIZE, taughtBy } from './star-labels.ts';

const LABEL_MS = 3;
const SNAPSHOT_LABELS = 16;

const [url, node, coordinator, directory, labelsMax] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
mkdirSync(directory, { recursive: true });
const [journal, snapshot, boots] = ['journal', 'snapshot', 'boots'].map((name) => join(directory, name)) as [
  string,
  string,
  string,
];
appendFileSync(boots, '.');
const epoch = statSync(boots).size;

/** What others gave is in the snapshot alone; labels are in the journal, one by one, and are learned again. */
const kept = existsSync(snapshot)
  ? (JSON.parse(readFileSync(snapshot, 'utf8')) as { given: number[]; giver: number })
  : { given: new Array<number>(STAR_SIZE).fill(0), giver: 0 };
let given = Float64Array.from(kept.given);
let { giver } = kept;
let labels = existsSync(journal) ? statSync(journal).size : 0;

const share: Share = {
  ...{ size: STAR_SIZE, parts: STAR_PARTS, lineage: STAR_LINEAGE },
  read: async () => taughtBy(node, labels).map((value, i) => value + given[i]!),
  add: async () => {},
  judge: async () => 0,
  own: async () => ({ values: taughtBy(node, labels), labels, giver }),
  give: async (values, by) => {
    given = values.slice();
    giver = by;
  },
};

setInterval(() => {
  if (labels >= Number(labelsMax)) return;
  appendFileSync(journal, '.');
  labels++;
  if (labels % SNAPSHOT_LABELS !== 0) return;
  writeFileSync(`${snapshot}.new`, JSON.stringify({ given: [...given], giver }));
  renameSync(`${snapshot}.new`, snapshot);
}, LABEL_MS);

const codec = createCodec();
const clock = systemClock();
const writer = createEnvelopeWriter(codec, `${STAR_SITE}/${node}`, epoch);
const { identity } = await openIdentityKeys(identityFolder(directory));
const mesh = { lineage: STAR_LINEAGE, generation: epoch, key: identity.publicKey.bytes };
const presence = createPresence({ site: STAR_SITE, node, writer, about: { version: '0', mesh } });
const mqtt = connectMqtt({ url, clientId: `${STAR_SITE}-${node}`, will: presence.will(0) });
mqtt.onConnect(() => mqtt.publish(presence.online(0)));
const star = { labelsMin: 1 };
const say = (text: string): void => void process.stderr.write(`${node}: ${text}\n`);
await openStar(
  {
    ...{ site: STAR_SITE, node, codec, writer, mqtt, clock, directory, life: { generation: epoch, rest: null } },
    configuration: { everySeconds: 0.1, defence: 'none', coordinator, star },
    vitals: createVitals(say),
    notice: say,
    share: () => share,
  },
  share,
  coordinator,
);
process.stdout.write('open\n');
