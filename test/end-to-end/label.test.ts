import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { demoConfiguration } from '../../firmware/demo/configuration.ts';
import type { LabelRangeAckBody } from '../../protocols/messages/label-range-ack.ts';
import { type LabelTarget, sendLabel, sendRange } from '../../tools/label/send-label.ts';
import { temporaryFolder } from '../support/machine-recording.ts';
import { lastObject, myrmex, myrmexctl } from './programs.ts';

const label = suite('myrmexctl label, against a running gateway');

/** A gateway whose windows nobody else labels. */
const gateway = async () => {
  const { labeller: _, ...quiet } = demoConfiguration;
  const folder = await temporaryFolder();
  const path = join(folder, 'node.json');
  const broker = { embedded: true, port: 0 };
  await writeFile(
    path,
    JSON.stringify({ ...quiet, site: 'plant', node: 'press', broker, state: join(folder, 'state') }),
  );
  const program = myrmex('run', '--config', path);
  const [, url] = await program.said(/talks through (mqtt:\/\/[\w.:]+)/);
  return { program, url: url! };
};

label(
  'windows by id and by time: learned once, said again as duplicates, overruled by nobody but who said it',
  async () => {
    const { program, url } = await gateway();
    try {
      await program.said(/"windows":(?:[5-9]\d|\d{3,})/);
      let asked = 0;
      const target = (): LabelTarget => ({
        ...{ endpoint: { url }, site: 'plant', node: 'press', waitMs: 10_000, now: Date.now, id: `test-${asked++}` },
      });
      assert.equal(await sendLabel(target(), '1-3', 'imbalance'), { window: '1-3', status: 'stored' });
      assert.is((await sendLabel(target(), '1-3', 'normal')).status, 'conflict');
      assert.is((await sendLabel(target(), '7-3', 'normal')).status, 'unknownWindow');
      const ann = (): LabelTarget => ({ ...target(), by: 'ann' });
      assert.is((await sendLabel(ann(), '1-4', 'imbalance')).status, 'stored');
      assert.is((await sendLabel({ ...target(), by: 'ben' }, '1-4', 'normal')).status, 'conflict');
      assert.is((await sendLabel(ann(), '1-4', 'outer-race')).status, 'stored');

      const to = Date.now();
      const first = await sendRange(target(), to - 1_500, to, 'normal');
      assert.is(first.status, 'done', JSON.stringify(first));
      assert.ok(first.windows > 5 && first.stored === first.windows, JSON.stringify(first));
      const again = await sendRange(target(), to - 1_500, to, 'normal');
      // The same stretch, give or take the window at either border: ages are told in whole milliseconds.
      assert.ok(again.stored <= 2 && Math.abs(again.duplicate - first.windows) <= 2, JSON.stringify(again));
      assert.is((await sendRange(target(), to - 1_500, to, 'melted')).status, 'unknownClass');

      const where = ['--broker', url, '--site', 'plant', '--node', 'press'];
      const times = ['--from', new Date(to - 1_000).toISOString(), '--to', `${to - 500}`];
      const [known, other, forgotten] = [
        myrmexctl('label', '1-3', 'imbalance', ...where),
        myrmexctl('label', 'imbalance', ...times, ...where, '--json'),
        myrmexctl('label', 'normal', '--from', '2020-01-01T00:00:00Z', '--to', '2020-01-02T00:00Z', ...where),
      ];
      assert.equal(await Promise.all([known.ended, other.ended, forgotten.ended]), [0, 3, 4]);
      assert.is(known.stdout(), '1-3 duplicate\n');
      const { status, windows, conflict } = lastObject<LabelRangeAckBody>(other);
      assert.ok(status === 'done' && windows > 0 && conflict === windows, other.stdout());
      assert.match(
        forgotten.stdout(),
        /^unknownWindow: no whole window lies in that time; the memory reaches back \d+ s\n$/,
      );
    } finally {
      program.process.kill('SIGTERM');
      await program.ended;
    }
  },
);

label('a wrong command line ends with 2, a gateway that is not there with 1', async () => {
  const refused = async (code: number, message: RegExp, ...args: string[]): Promise<void> => {
    const asked = myrmexctl('label', ...args);
    assert.is(await asked.ended, code, asked.stderr());
    assert.match(asked.stderr(), message);
  };
  const where = ['--site', 'plant', '--node', 'press'];
  await Promise.all([
    refused(2, /name WINDOW and CLASS/, 'normal', ...where),
    refused(2, /both needed/, 'normal', '--from', '2026-11-23T14:00:00', '--to', '0', ...where),
    refused(1, /127\.0\.0\.1:9\b/, '1-1', 'normal', ...where, '--broker', 'mqtt://127.0.0.1:9'),
  ]);
});

label.run();
