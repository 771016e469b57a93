import { readdir, readFile, writeFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { leaveMeshRest, type MeshRest, takeMeshRest } from '../../firmware/io/mesh-rest.ts';
import { createCodec } from '../../protocols/codec.ts';
import { createFleet, LINEAGE } from '../support/gossip-fleet.ts';
import { temporaryFolder } from '../support/machine-recording.ts';

const codec = createCodec();
const parts = [{ offset: 0, length: 6 }];

const restOf = (): MeshRest => {
  const fleet = createFleet({ count: 3, parts, start: (i) => new Float64Array(6).fill(i) });
  fleet.cycle();
  const standings = [
    [
      { peer: 'press-1', agreement: 1, refusals: 0, evidence: 0, quarantined: false },
      { peer: 'press-2', agreement: 0.25, refusals: 1.5, evidence: 13.875, quarantined: true },
    ],
  ];
  return { gossip: fleet.nodes[0]!.save(), standings };
};

const rest = suite('rest of the mesh');

rest('what is left behind is taken once, and is then gone', async () => {
  const folder = await temporaryFolder();
  const left = restOf();
  assert.is(await takeMeshRest(codec, folder, LINEAGE), null, 'before the first time there is nothing');
  assert.ok(await leaveMeshRest(codec, folder, LINEAGE, left));
  const taken = await takeMeshRest(codec, folder, LINEAGE);
  assert.equal(taken!.standings, left.standings);
  const plain = (value: unknown): string => Buffer.from(codec.encode(value as never)).toString('hex');
  assert.is(plain(taken!.gossip), plain(left.gossip));
  assert.equal(await readdir(folder), []);
  assert.is(await takeMeshRest(codec, folder, LINEAGE), null);
});

rest('that of another model stays where it is', async () => {
  const folder = await temporaryFolder();
  await leaveMeshRest(codec, folder, LINEAGE, restOf());
  assert.is(await takeMeshRest(codec, folder, 'fedcba9876543210'), null);
  assert.ok((await takeMeshRest(codec, folder, LINEAGE)) !== null);
});

rest('what is cut short, changed or too large is no rest, and does not stay', async () => {
  const folder = await temporaryFolder();
  await leaveMeshRest(codec, folder, LINEAGE, restOf());
  const [name] = await readdir(folder);
  const path = `${folder}/${name}`;
  const bytes = new Uint8Array(await readFile(path));
  const wrong = [[{ peer: 'a', agreement: 2, refusals: 0, evidence: 0, quarantined: false }]];
  await leaveMeshRest(codec, folder, LINEAGE, { ...restOf(), standings: wrong });
  const damages = [new Uint8Array(0), bytes.slice(0, -1), bytes.slice(0, 200), await readFile(path)];
  for (const damage of damages) {
    await writeFile(path, damage);
    assert.is(await takeMeshRest(codec, folder, LINEAGE), null, `${damage.length} bytes`);
    assert.equal(await readdir(folder), []);
  }
  const pending = new Uint8Array(2 ** 24);
  const large = restOf();
  assert.not(await leaveMeshRest(codec, folder, LINEAGE, { ...large, gossip: { ...large.gossip, pending } }));
  assert.equal(await readdir(folder), []);
});
rest.run();
