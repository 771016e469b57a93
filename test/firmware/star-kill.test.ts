import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBroker } from '../../firmware/io/broker.ts';
import { connectMqtt } from '../../firmware/io/mqtt.ts';
import { within } from '../../firmware/within.ts';
import { topicFilter } from '../../protocols/topics.ts';
import { temporaryFolder } from '../support/machine-recording.ts';
import { seeded } from '../support/models.ts';
import { STAR_SITE } from '../support/star-labels.ts';
import { StarTrace } from '../support/star-trace.ts';

/** `.ci/run` asks for 200. */
const KILLS = Number(process.env.STAR_KILLS ?? 3);
/** A victim is killed this long after it began its work, or after the kill before, at most. */
const LIFE_MS_MAX = 400;
const AT_WORK = 0.8;
/** After the last kill; a few rounds of 0.1 s. */
const COMPLETE_MS_MAX = 30_000;
const LABELS_PER_KILL = 40;
const CENTRE = 'centre';
const AGENTS = ['agent-1', 'agent-2'];

const star = suite(`star: kill -9 of agents and coordinator at ${KILLS} random moments`);

star('nothing that was learned is lost, and nothing is counted twice', async () => {
  const folder = await temporaryFolder();
  const program = join(folder, 'star-node.mjs');
  // As one file, in which a process is born in a tenth of the time.
  await build({
    entryPoints: [fileURLToPath(new URL('../support/star-node.ts', import.meta.url))],
    ...{ bundle: true, platform: 'node', format: 'esm', outfile: program, logLevel: 'silent' },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  const broker = await startBroker({ port: 0 });
  const trace = new StarTrace();
  const watcher = connectMqtt({ url: broker.url, clientId: 'watcher' });
  await watcher.ready(5_000);
  let fault: unknown = null;
  let changed = (): void => {};
  const heard = (topic: string, payload: Uint8Array): void => {
    try {
      trace.heard(topic, payload);
    } catch (error) {
      fault ??= error;
    }
    changed();
  };
  for (const kind of ['update', 'adapter'] as const)
    await watcher.subscribe(topicFilter(kind, { site: STAR_SITE }), heard);

  const labels = KILLS * LABELS_PER_KILL;
  const spawnNode = (node: string): ChildProcess => {
    const most = node === CENTRE ? 0 : labels;
    const args = [program, broker.url, node, CENTRE, join(folder, node), String(most)];
    return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  };
  const names = [CENTRE, ...AGENTS];
  const processes = new Map(names.map((name) => [name, spawnNode(name)]));
  const random = seeded(17);
  for (let kill = 0; kill < KILLS && fault === null; kill++) {
    const name = names[Math.floor(random() * names.length)]!;
    const victim = processes.get(name)!;
    // Most die at their work, some before they have begun. The moment is the point: nothing else is waited for.
    if (random() < AT_WORK) await once(victim.stdout!, 'data');
    await pause(random() * LIFE_MS_MAX);
    const ended = once(victim, 'close');
    victim.kill('SIGKILL');
    const [, signal] = await ended;
    assert.is(signal, 'SIGKILL', `${name} ended by itself`);
    processes.set(name, spawnNode(name));
  }
  const isComplete = (): boolean => AGENTS.every((agent) => trace.isComplete(agent, labels));
  const complete = new Promise<void>((resolve) => {
    changed = () => {
      if (fault !== null || isComplete()) resolve();
    };
    changed();
  });
  const inTime = await within(complete, COMPLETE_MS_MAX);
  for (const child of processes.values()) {
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  }
  await watcher.close();
  await broker.close();
  await rm(folder, { recursive: true });
  if (fault !== null) throw fault;
  assert.ok(inTime, 'something that was learned never came');
  console.log(`${KILLS} kills, ${trace.version} versions, every label of ${AGENTS.length} agents in them once`);
});

star.run();
