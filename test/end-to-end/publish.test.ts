import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Configuration } from '../../firmware/configuration.ts';
import type { PublishReport } from '../../tools/publish/publish.ts';
import { createTestFleet } from '../support/fleet.ts';
import { temporaryFolder } from '../support/machine-recording.ts';
import { lastObject, myrmex, myrmexctl, type Program } from './programs.ts';

const SITE = 'plant';

const start = async (folder: string, node: string, own: Partial<Configuration>): Promise<Program> => {
  const configuration = {
    ...{ site: SITE, node, board: 'pc', seed: 0, state: join(folder, node) },
    sensor: { kind: 'simulated', seed: node.length, drift: { beginMs: 0, endMs: 1_000 } },
    experts: ['frozen', 'local'],
    ...own,
  };
  const path = join(folder, `${node}.json`);
  await writeFile(path, JSON.stringify(configuration));
  return myrmex('run', '--config', path, '--json');
};

const published = suite('mesh publish, as processes');

published('two enrolled gateways have what an operator publishes; one that is frozen is missed', async () => {
  const folder = await temporaryFolder();
  const fleet = await createTestFleet({ g1: 'node', anna: 'operator' }, SITE);
  const own = (name: string) => {
    const { rootFile, ...files } = fleet.files(name);
    return { files, rootFile, mesh: { fleet: join(rootFile, '..') } };
  };
  const [hub, g1] = [own('hub'), own('g1')];
  const tls = { ...hub.files, rootFile: hub.rootFile };
  const first = await start(folder, 'hub', { broker: { embedded: true, port: 0, tls }, mesh: hub.mesh });
  const [, url = ''] = await first.said(/talks through (mqtts:[^"\s]+)/);
  const second = await start(folder, 'g1', { broker: { url, ...g1.files }, mesh: g1.mesh });
  await Promise.all([first, second].map((program) => program.said(/"meshPeers":1/)));

  const file = join(folder, 'limits.json');
  const publish = async (text: string, ...more: string[]): Promise<[PublishReport, number | null]> => {
    await writeFile(file, text);
    const identity = join(fleet.files('anna').rootFile, '..');
    const command = ['mesh', 'publish', file, '--topic', 'limits', '--broker', url, '--identity', identity, '--json'];
    const program = myrmexctl(...command, ...more);
    const code = await program.ended;
    assert.match(program.stdout(), /^\{.*\}\n$/, program.stderr());
    return [lastObject<PublishReport>(program), code];
  };
  const [all, done] = await publish('{"max":12.5}', '--type', 'application/json');
  assert.equal([all.origin, all.members, all.delivered, all.missed, done], ['anna', 2, 2, [], 0]);
  for (const [node, program] of [
    ['hub', first],
    ['g1', second],
  ] as const) {
    assert.is(await readFile(join(folder, node, 'received', 'limits', 'anna.bin'), 'utf8'), '{"max":12.5}');
    await program.said(/anna has published limits \d+: 12 bytes of application\/json are in/);
  }

  second.process.kill('SIGSTOP');
  const [some, failed] = await publish('{"max":11}', '--wait', '2');
  assert.equal([some.members, some.delivered, some.missed, failed], [2, 1, ['g1'], 1]);
  assert.ok(some.sequence > all.sequence);
  second.process.kill('SIGCONT');
  for (const program of [second, first]) {
    program.process.kill('SIGTERM');
    assert.is(await program.ended, 0, program.stderr());
  }
  assert.is(await readFile(join(folder, 'hub', 'received', 'limits', 'anna.bin'), 'utf8'), '{"max":11}');
});

published('a wrong command line ends with 2 and a file that is too large with 1, before anybody is asked', async () => {
  const file = join(await temporaryFolder(), 'large');
  await writeFile(file, new Uint8Array(49_153));
  const nowhere = ['--site', SITE, '--broker', 'mqtt://127.0.0.1:1'];
  for (const [code, why, args] of [
    [2, /required option '--topic <name>'/, [file, ...nowhere]],
    [2, /--topic "A B" is not a name/, [file, '--topic', 'A B', ...nowhere]],
    [2, /--type "text" is none like/, [file, '--topic', 'a', '--type', 'text', ...nowhere]],
    [1, /has 49153 bytes; at most 49152/, [file, '--topic', 'a', ...nowhere]],
  ] as const) {
    const program = myrmexctl('mesh', 'publish', ...args);
    assert.is(await program.ended, code);
    assert.match(program.stderr(), why);
  }
});

published.run();
