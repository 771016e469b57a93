import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { demoConfiguration } from '../../firmware/demo/configuration.ts';
import { temporaryFolder } from '../support/machine-recording.ts';
import { myrmex } from './programs.ts';

const config = suite('myrmex config, as a process');

const file = async (content: object): Promise<string> => {
  const path = join(await temporaryFolder(), 'node.json');
  await writeFile(path, JSON.stringify(content));
  return path;
};

config('check says what a configuration comes to', async () => {
  const program = myrmex('config', 'check', await file({ ...demoConfiguration, site: 'plant-1', state: '/var/x' }));
  assert.is(await program.ended, 0, program.stderr());
  assert.match(program.stdout(), /^ok: /);
  assert.match(program.stdout(), /plant-1\/gateway-1 on board pc/);
  assert.match(program.stdout(), /imbalance, inner-race, normal, outer-race/);
  assert.match(program.stdout(), /\/var\/x/);
});

config('check ends with 1 and lists all that is wrong', async () => {
  const program = myrmex('config', 'check', await file({ ...demoConfiguration, site: 'A B', seed: 0.5 }));
  assert.is(await program.ended, 1);
  assert.is(program.stdout(), '');
  assert.match(program.stderr(), /\n {2}\/site .*\n {2}\/seed /);
});

config('print and schema go together: the schema names every field that is printed', async () => {
  const [printed, schema] = [myrmex('config', 'print'), myrmex('config', 'schema')];
  assert.is(await printed.ended, 0, printed.stderr());
  assert.is(await schema.ended, 0, schema.stderr());
  const value = JSON.parse(printed.stdout()) as object;
  const { properties } = JSON.parse(schema.stdout()) as { properties: object };
  for (const key of Object.keys(value)) assert.ok(Object.hasOwn(properties, key), key);
  assert.ok(Object.hasOwn(value, 'state'), 'the default is filled in');
});

config('doctor: lines for people, one object for programs, 1 when the node could not run', async () => {
  const broken = { ...demoConfiguration, broker: { embedded: true, port: 0 }, model: '/nowhere.tflite' };
  const state = join(await temporaryFolder(), 'deep', 'state');
  const [people, programs] = [
    myrmex('doctor', '--config', await file(broken)),
    myrmex('doctor', '--config', await file({ ...broken, model: undefined, state }), '--json'),
  ];
  assert.is(await people.ended, 1, people.stderr());
  assert.match(people.stdout(), /^FAIL {2}model .*\/nowhere\.tflite/m);
  assert.match(people.stdout(), /\n1 to mend, \d to think about\n$/);
  assert.is(await programs.ended, 0, programs.stdout() + programs.stderr());
  const { kind, ok, findings } = JSON.parse(programs.stdout()) as { kind: string; ok: boolean; findings: object[] };
  assert.equal([kind, ok], ['doctor', true]);
  assert.ok(findings.length >= 8);
  assert.not.ok(existsSync(dirname(state)), 'it leaves nothing behind');
});

config.run();
