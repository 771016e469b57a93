import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openStore } from '../../firmware/io/store.ts';
import { bundleProgram } from '../support/bundle-program.ts';
import { seeded } from '../support/models.ts';

const WRITER = fileURLToPath(new URL('./store-writer.ts', import.meta.url));
const MODEL = 'aaaaaaaaaaaaaaaa';
const SLOTS = 50;
const ROUNDS = 6;

/** Lets a writer run until it has said `lines` lines, kills it with SIGKILL, and returns all it said. */
async function writeUntilKilled(program: string, directory: string, lines: number): Promise<string[]> {
  const writer: ChildProcess = spawn(process.execPath, [program, directory, MODEL, String(SLOTS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  let count = 0;
  writer.stdout!.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    count += chunk.filter((byte) => byte === 0x0a).length;
    if (count >= lines) writer.kill('SIGKILL');
  });
  const [, signal] = await once(writer, 'close');
  assert.is(signal, 'SIGKILL', 'the writer must not end by itself');
  return said.slice(0, said.lastIndexOf('\n')).split('\n');
}

const kill = suite('store: kill -9');

kill('nothing that was reported as stored is lost, and no epoch is used twice', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'myrmex-kill-'));
  const writer = bundleProgram(WRITER);
  const random = seeded(13);
  let epoch = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const said = await writeUntilKilled(writer.path, directory, 40 + Math.floor(random() * 400));
    const stored = said.filter((line) => line.startsWith('stored')).map((line) => line.split(' '));
    const covered = Number(said.findLast((line) => line.startsWith('snapshot'))?.split(' ')[1] ?? -1);
    assert.ok(stored.length >= 30, `round ${round}: only ${stored.length} labels before the kill`);

    const store = await openStore(directory, { model: MODEL });
    const { snapshot, journal } = await store.load();
    await store.close();
    const through = snapshot === null ? -1 : Number(new TextDecoder().decode(snapshot));
    assert.ok(through >= covered, `round ${round}: the snapshot went back from ${covered} to ${through}`);
    const bySequence = new Map(journal.map((entry) => [entry.sequence, entry]));
    for (const [, window, sequence, label] of stored) {
      assert.is(store.labels.get(window!), Number(label), `round ${round}: the label of ${window} is gone`);
      const entry = bySequence.get(Number(sequence));
      const isCovered = Number(sequence) <= through;
      assert.ok(isCovered || entry !== undefined, `round ${round}: entry ${sequence} is neither learned nor there`);
      if (entry === undefined) continue;
      assert.is(entry.window, window);
      const index = Number(window!.split('-')[1]);
      assert.equal(
        entry.features,
        Float32Array.from({ length: 16 }, (_, feature) => index + feature),
      );
    }
    assert.ok(journal.length <= SLOTS + 200, `${journal.length} entries: replaced ones are not deleted`);
    assert.is(store.skipped, 0);
    assert.ok(store.epoch > epoch + 1, 'the writer and this test each opened an epoch of their own');
    epoch = store.epoch;
  }
  writer.remove();
  await rm(directory, { recursive: true });
});
kill.run();
