import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Recording, RecordingError, type RecordingSelection, readRecording } from '../../firmware/io/recording.ts';
import { dataTest, recordingFile } from '../support/data.ts';
import { rounds } from '../support/rounds.ts';

const recording = suite('recording', { folder: '' });
recording.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'myrmex-recording-test-'));
});
recording.after(async (context) => rm(context.folder, { recursive: true }));

const HEADER = 'node,segment,t_ms,label,a,b';

async function read(folder: string, bytes: string | Uint8Array, selection?: RecordingSelection): Promise<Recording> {
  const path = join(folder, 'recording');
  await writeFile(path, bytes);
  return readRecording(path, selection);
}

async function refusal(
  folder: string,
  text: string | Uint8Array,
  selection?: RecordingSelection,
): Promise<RecordingError> {
  try {
    await read(folder, text, selection);
  } catch (error) {
    assert.instance(error, RecordingError);
    return error as RecordingError;
  }
  throw new Error('the recording was accepted');
}

const GOOD = [
  HEADER,
  'pump,day 1,0,idle,1,2',
  'fan,x,5,busy,3,4',
  'pump,day 1,10.5,,1.5,-2e3',
  'pump,day 2,0,busy,7,8',
].join('\n');

recording('reads nodes apart, in the order of the file', async ({ folder }) => {
  const { channels, labels, nodes, missing } = await read(folder, GOOD);
  assert.equal(channels, ['a', 'b']);
  assert.equal(labels, ['idle', 'busy']);
  assert.is(missing, 0);
  assert.equal(
    nodes.map(({ node, rows }) => [node, rows]),
    [
      ['pump', 3],
      ['fan', 1],
    ],
  );
  const pump = nodes[0]!;
  assert.equal([...pump.tMs], [0, 10.5, 0]);
  assert.equal(pump.segments, ['day 1', 'day 2']);
  assert.equal([...pump.segment], [0, 0, 1]);
  assert.equal([...pump.label], [0, -1, 1]);
  assert.equal([...pump.values], [1, 2, 1.5, -2000, 7, 8]);
});

recording(
  'gzip, a byte order mark, CRLF, blank lines and a missing last newline change nothing',
  async ({ folder }) => {
    const plain = await read(folder, GOOD);
    assert.equal(await read(folder, gzipSync(GOOD)), plain);
    assert.equal(await read(folder, `\uFEFF${GOOD.replaceAll('\n', '\r\n')}\r\n\r\n`), plain);
    assert.equal(await read(folder, GOOD.replaceAll(/^(\w+),([^,]*),/gm, '"$1","$2",')), plain);
  },
);

recording('keeps only the nodes and segments asked for', async ({ folder }) => {
  const { nodes, labels } = await read(folder, GOOD, { nodes: ['pump'], segments: ['day 2'] });
  assert.equal(
    nodes.map(({ node, rows }) => [node, rows]),
    [['pump', 1]],
  );
  assert.equal(labels, ['busy']);
});

recording('empty, NaN, infinite and too large cells are missing samples and are counted', async ({ folder }) => {
  const rows = ['n,0,0,x,,1', 'n,0,1,x,NaN,-inf', 'n,0,2,x, ,Infinity', 'n,0,3,x,1e39,2'];
  const { nodes, missing } = await read(folder, [HEADER, ...rows].join('\n'));
  assert.is(missing, 6);
  const gap = Number.NaN;
  assert.equal([...nodes[0]!.values], [gap, 1, gap, gap, gap, gap, gap, 2]);
});

recording('characters of several bytes survive the chunks', async ({ folder }) => {
  const rows = Array.from({ length: 60_000 }, (_, i) => `нода,ß,${i},é€𝄞,1,2`);
  const { nodes, labels } = await read(folder, [HEADER, ...rows].join('\n'));
  assert.equal([nodes[0]!.node, nodes[0]!.rows, nodes[0]!.segments, labels], ['нода', 60_000, ['ß'], ['é€𝄞']]);
});

recording('what is wrong is named with its line', async ({ folder }) => {
  const row = 'n,0,0,x,1,2';
  const table: readonly (readonly [string, RecordingError['code'], RegExp])[] = [
    ['', 'recordingEmpty', /empty; its first line must be node,segment,t_ms,label/],
    ['\n\n', 'recordingEmpty', /first line must be/],
    [`${HEADER}\n`, 'recordingEmpty', /header but no rows/],
    ['time,value\n1,2', 'recordingMalformed', /line 1: the header is "time,value"/],
    ['node;segment;t_ms;label;a\n', 'recordingMalformed', /line 1: .*separated by commas/],
    ['node,segment,t_ms,label\n', 'recordingMalformed', /at least one channel/],
    [`${HEADER},a\n${row},3`, 'recordingMalformed', /channel "a" appears twice/],
    [`${HEADER}\n${row}\nn,0,1,x,1`, 'recordingMalformed', /line 3: 5 cells where the header has 6/],
    [`${HEADER}\n\n${row}\n${row},9`, 'recordingMalformed', /line 4: 7 cells/],
    [`${HEADER}\n${row}\nn,0,1,x,1,high`, 'recordingMalformed', /line 3: "high" in channel b is not a number/],
    [`${HEADER}\nn,0,soon,x,1,2`, 'recordingMalformed', /line 2: t_ms is "soon"/],
    [`${HEADER}\nn,0,,x,1,2`, 'recordingMalformed', /line 2: t_ms is ""/],
    [`${HEADER}\n,0,0,x,1,2`, 'recordingMalformed', /line 2: the node is empty/],
    [
      `${HEADER}\nn,0,5,x,1,2\nn,0,4,x,1,2`,
      'recordingMalformed',
      /line 3: t_ms goes back from 5 to 4 within node n, segment 0;/,
    ],
    [`${HEADER}\nn,"0\n0",5,x,1,2\nn,0,4,x,1`, 'recordingMalformed', /line 4: 5 cells/],
    [`${HEADER}\nn,0,5,"x,1,2\n`, 'recordingMalformed', /quote/i],
  ];
  for (const [text, code, message] of table) {
    const error = await refusal(folder, text);
    assert.is(error.code, code, text);
    assert.match(error.message, message);
  }
});

recording('time may start again in another segment and stand still in one', async ({ folder }) => {
  const text = [HEADER, 'n,1,9,x,1,2', 'n,1,9,x,1,2', 'n,2,0,x,1,2'].join('\n');
  assert.is((await read(folder, text)).nodes[0]!.rows, 3);
});

recording('unknown nodes and segments are named beside those that exist', async ({ folder }) => {
  const unknownNode = await refusal(folder, GOOD, { nodes: ['pump', 'pumpe'] });
  assert.is(unknownNode.code, 'unknownSelection');
  assert.match(unknownNode.message, /no node "pumpe"; it has pump, fan/);
  assert.match(
    (await refusal(folder, GOOD, { segments: ['day 3'] })).message,
    /no segment "day 3"; it has day 1, x, day 2/,
  );
  assert.match((await refusal(folder, GOOD, { nodes: ['fan'], segments: ['day 1'] })).message, /no row has both/);
});

recording('a file that is not there, a folder and a torn gzip are refused', async ({ folder }) => {
  const codeOf = async (path: string): Promise<string> => {
    try {
      await readRecording(path);
    } catch (error) {
      return (error as RecordingError).code;
    }
    return 'accepted';
  };
  assert.is(await codeOf(join(folder, 'nowhere.csv')), 'recordingNotFound');
  assert.is(await codeOf(folder), 'recordingUnreadable');
  const torn = gzipSync(GOOD);
  assert.is((await refusal(folder, torn.subarray(0, torn.length - 12))).code, 'recordingUnreadable');
});

recording('standard input, delivered byte by byte and gzipped', async () => {
  const reader = fileURLToPath(new URL('../../firmware/io/recording.ts', import.meta.url));
  const script = `import(${JSON.stringify(reader)}).then(async ({ readRecording }) =>
    console.log((await readRecording('-')).nodes.map((n) => n.node + n.rows).join()))`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--eval', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const zipped = gzipSync(GOOD);
  child.stdin.write(zipped.subarray(0, 1));
  setImmediate(() => child.stdin.end(zipped.subarray(1)));
  let out = '';
  for await (const chunk of child.stdout) out += chunk;
  assert.is(out.trim(), 'pump3,fan1');
});

dataTest(recording, 'a million rows are read in seconds', 'har_hapt', async () => {
  const expected = rounds({ nodes: 6, rows: 227_031 }, { nodes: 30, rows: 1_122_772 });
  const names = Array.from({ length: expected.nodes }, (_, i) => `subject-${`${i + 1}`.padStart(2, '0')}`);
  const path = await recordingFile('har_hapt', ['--nodes', names.join()]);
  const started = performance.now();
  const { nodes } = await readRecording(path);
  const seconds = (performance.now() - started) / 1000;
  assert.is(
    nodes.reduce((sum, node) => sum + node.rows, 0),
    expected.rows,
  );
  assert.is(nodes.length, expected.nodes);
  const perSecond = expected.rows / seconds;
  assert.ok(perSecond > 75_000, `${perSecond.toFixed(0)} rows a second (750,000 on an idle 2-core machine)`);
});

recording.run();
