import { spawn, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { demoConfiguration } from '../../firmware/demo/configuration.ts';
import { serviceUnit } from '../../firmware/service-unit.ts';
import { programTest } from '../support/installed.ts';
import { temporaryFolder } from '../support/machine-recording.ts';
import { myrmex, myrmexIn } from './programs.ts';

const service = suite('as a service of systemd');

/** Issue "A node you can leave alone", Must show. */
const EXPOSURE_MAX = 2;

const support = (name: string): string => fileURLToPath(new URL(`../support/${name}`, import.meta.url));

/** Writes the unit for a configuration and returns its path. */
const unitFile = async (change: object = {}): Promise<string> => {
  const folder = await temporaryFolder();
  const configuration = join(folder, 'node.json');
  await writeFile(configuration, JSON.stringify({ ...demoConfiguration, ...change }));
  const program = myrmex('service', 'unit', '--config', configuration);
  assert.is(await program.ended, 0, program.stderr());
  const path = join(folder, 'myrmex.service');
  await writeFile(path, program.stdout());
  return path;
};

programTest(service, ['systemd-analyze'], 'systemd finds nothing wrong with the unit', async () => {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', await unitFile()], { encoding: 'utf8' });
  assert.is(`${stdout}${stderr}`, '');
  assert.is(status, 0);
});

programTest(service, ['systemd-analyze'], 'the unit is confined: exposure at most 2.0', async () => {
  const args = ['security', '--offline=true', `--threshold=${EXPOSURE_MAX * 10}`, '--no-pager', await unitFile()];
  const { status, stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  const [, exposure] = /exposure level for \S+: ([\d.]+)/.exec(stdout) ?? [];
  assert.is(status, 0, stdout);
  assert.ok(Number(exposure) > 0 && Number(exposure) <= EXPOSURE_MAX, stdout);
});

programTest(
  service,
  ['systemd-analyze', 'python3'],
  'the node runs under the system call filter of its unit',
  async () => {
    const unit = await unitFile();
    const command = [process.execPath, 'dist/myrmex.js', 'run', '--port', '0', '--duration', '2s', '--json'];
    const { status, stdout, stderr } = spawnSync('python3', [support('under-filter.py'), unit, ...command], {
      cwd: fileURLToPath(new URL('../../', import.meta.url)),
      encoding: 'utf8',
    });
    assert.is(status, 0, stderr);
    const end = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as { windows: number; labels: number };
    assert.ok(end.windows > 5, stderr);
  },
);

programTest(service, ['systemd-notify', 'python3'], 'ready, alive again and again, then stopping', async () => {
  const socket = join(await temporaryFolder(), 'notify');
  const listener = spawn('python3', [support('datagrams.py'), socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  const heard: string[] = [];
  try {
    const hears = listen(listener.stdout, heard);
    await hears((line) => line === 'listening');
    const environment = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '2000000', STATE_DIRECTORY: await temporaryFolder() };
    const program = myrmexIn(environment, 'run', '--port', '0');
    await hears((line) => line === 'READY=1');
    await hears((line) => /^STATUS=[1-9]\d* windows/.test(line));
    program.process.kill('SIGTERM');
    assert.is(await program.ended, 0, program.stderr());
    await hears((line) => line === 'STOPPING=1');
    assert.ok(heard.filter((line) => line === 'WATCHDOG=1').length >= 2, heard.join('\n'));
    assert.is(heard.filter((line) => line === 'READY=1').length, 1);
  } finally {
    listener.kill();
  }
});

service('a node that nobody supervises starts no helper', async () => {
  const program = myrmexIn({ PATH: '', NOTIFY_SOCKET: '' }, 'run', '--port', '0', '--duration', '1s');
  assert.is(await program.ended, 0);
  assert.not.match(program.stderr(), /service manager/);
});

service('a manager that cannot be told is said, and costs nothing else', async () => {
  const program = myrmexIn({ PATH: '', NOTIFY_SOCKET: '/nowhere' }, 'run', '--port', '0', '--duration', '1s');
  assert.is(await program.ended, 0, program.stderr());
  assert.match(program.stderr(), /systemd-notify is not in PATH/);
});

service('in the journal every line is an entry with its priority', async () => {
  const folder = await temporaryFolder();
  const environment = { MYRMEX_LOG__FORMAT: 'journal', STATE_DIRECTORY: folder };
  const program = myrmexIn(environment, 'run', '--port', '0', '--duration', '1s');
  assert.is(await program.ended, 0, program.stderr());
  const lines = program.stderr().trimEnd().split('\n');
  assert.ok(lines.length >= 2);
  for (const line of lines) assert.match(line, /^<[3467]>\S/);
});

service('names, paths and secrets come into the unit as systemd reads them', () => {
  const unit = serviceUnit({
    name: '100%/pump',
    command: ['/usr/bin/node', '/opt/my rmex/$x.js'],
    configuration: '/etc/my rmex/node.json',
    state: '/srv/state',
    credentials: ['mqtt-password'],
  });
  const lines = unit.split('\n');
  const has = (line: string): void => assert.ok(lines.includes(line), line);
  has('Description=Myrmex gateway 100%%/pump');
  has('ExecStart=/usr/bin/node "/opt/my rmex/$$x.js" run --config "/etc/my rmex/node.json"');
  has('WorkingDirectory=/etc/my rmex');
  has('ReadWritePaths=/srv/state');
  has('LoadCredential=mqtt-password:/etc/my rmex/mqtt-password');
});

/** Resolves when a line that fits has been heard, also before. */
const listen = (output: NodeJS.ReadableStream, heard: string[]) => {
  let told = (): void => {};
  let rest = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    heard.push(...lines);
    told();
  });
  return async (fits: (line: string) => boolean): Promise<void> => {
    while (!heard.some(fits)) {
      await new Promise<void>((resolve) => {
        told = resolve;
      });
    }
  };
};

service.run();
