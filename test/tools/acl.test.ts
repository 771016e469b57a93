import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { demoConfiguration } from '../../firmware/demo/configuration.ts';
import { TOPIC_KINDS } from '../../protocols/topics.ts';
import { type AclFlags, accessList } from '../../tools/commands/broker.ts';
import { CommandError } from '../../tools/errors.ts';
import { temporaryFolder } from '../support/machine-recording.ts';

const acl = suite('myrmexctl broker acl');

const printed = async (flags: AclFlags): Promise<readonly string[]> => (await accessList(flags)).split('\n');

/** The lines below a user's name. */
const of = (lines: readonly string[], user: string): readonly string[] => {
  const from = lines.indexOf(`user ${user}`) + 1;
  assert.ok(from > 0, `no user ${user}`);
  return lines.slice(from, lines.indexOf('', from));
};

acl(
  'a node says what it is to say, hears its labels, and nothing else; every kind of topic is one of both',
  async () => {
    const lines = await printed({ site: 'plant', node: ['pump-3', 'fan'], operator: ['anna'], prefix: 'a/b' });
    const pump = of(lines, 'plant-pump-3');
    for (const kind of TOPIC_KINDS) {
      const heard = ['label', 'label/range', 'alarm/acknowledge'].includes(kind);
      assert.is(pump.filter((line) => line.endsWith(`/plant/pump-3/${kind}`)).length, 1, kind);
      assert.ok(pump.includes(`topic ${heard ? 'read' : 'write'} a/b/mx/1/plant/pump-3/${kind}`), kind);
    }
    const fan = of(lines, 'plant-fan');
    assert.ok(fan.filter((line) => line.startsWith('topic write')).every((line) => line.includes('/plant/fan/')));
    assert.equal(
      fan.filter((line) => !line.includes('/plant/fan/')),
      [
        'topic read a/b/mx/1/plant/+/gossip/fan',
        'topic read a/b/mx/1/plant/+/tree/fan',
        'topic read a/b/mx/1/plant/+/presence',
        'topic read a/b/mx/1/plant/+/enrolment',
        'topic read a/b/mx/1/plant/+/update',
        'topic read a/b/mx/1/plant/+/adapter',
        'topic read a/b/mx/1/plant/fleet/revocation',
      ],
      'what it hears of others',
    );
    assert.ok(fan.includes('topic write a/b/mx/1/plant/fan/gossip/+'));
    assert.ok(fan.includes('topic write a/b/mx/1/plant/fan/tree/+'));
    const anna = of(lines, 'anna');
    assert.ok(anna.includes('topic write a/b/mx/1/plant/+/label'));
    assert.ok(
      anna.includes('topic read a/b/mx/1/plant/#') && anna.includes('topic write a/b/mx/1/plant/fleet/revocation'),
    );
    assert.not.ok(anna.some((line) => /write .*decision/.test(line)));
    const vera = of(await printed({ site: 'plant', node: ['fan'], viewer: ['vera'] }), 'vera');
    assert.ok(vera.includes('topic read mx/1/plant/+/decision'));
    assert.not.ok(vera.some((line) => /write|label|gossip|tree|#/.test(line)));
  },
);

acl('an operator publishes to all below the own name: as a user, or as the common name of a certificate', async () => {
  const own = ['topic write mx/1/plant/anna/enrolment', 'topic write mx/1/plant/anna/tree/+'];
  for (const user of ['anna', 'plant-anna']) {
    const lines = of(await printed({ site: 'plant', node: ['fan'], operator: [user] }), user);
    assert.equal(
      lines.filter((line) => /write .*(enrolment|tree)/.test(line)),
      own,
      user,
    );
  }
  const nameless = of(await printed({ site: 'plant', node: ['fan'], operator: ['Anna M.'] }), 'Anna M.');
  assert.ok(nameless.includes('topic write mx/1/plant/+/label'), 'the rights of every operator');
  assert.not.ok(nameless.some((line) => line.includes('tree')));
});

acl('a configuration brings its user, prefix, sensors and Home Assistant', async () => {
  const { labeller: _, ...quiet } = demoConfiguration;
  const channel = (topic: string) => ({ topic, read: 'number' });
  const config = join(await temporaryFolder(), 'node.json');
  await writeFile(
    config,
    JSON.stringify({
      ...quiet,
      broker: { url: 'mqtt://b', username: 'ant', prefix: 'hall' },
      sensor: { kind: 'mqtt', rateHz: 1, channels: { a: channel('plc/1/a'), b: channel('plc/+/b') } },
      views: { homeAssistant: true },
      rules: [{ name: 'r', topic: 'plc/late', when: { above: 1 }, label: 'worn', window: { spanMs: 1_000 } }],
      model: 'm.tflite',
    }),
  );
  const ant = of(await printed({ config: [config], read: ['plc/tag'] }), 'ant');
  for (const line of [
    'topic write hall/mx/1/demo/gateway-1/decision',
    'topic read plc/1/a',
    'topic read plc/+/b',
    'topic read plc/late',
    'topic read plc/tag',
    'topic read homeassistant/status',
  ]) {
    assert.ok(ant.includes(line), line);
  }
  assert.ok(ant.some((line) => /^topic write homeassistant\/\+\/[\w-]+\/\+\/config$/.test(line)));
  assert.not.ok(ant.includes('topic write hall/mx/1/demo/gateway-1/label'));
});

acl('what cannot stand in the file is refused', async () => {
  const refused = async (message: RegExp, flags: AclFlags): Promise<void> => {
    const error = await accessList(flags).catch((reason: unknown) => reason);
    assert.ok(error instanceof CommandError, String(error));
    assert.is(error.exitCode, 2);
    assert.match(error.message, message);
  };
  const [site, node] = ['plant', ['a']];
  await refused(/name --site and --node/, { site });
  await refused(/--node "\.\.\/x" is not a name/, { site, node: ['../x'] });
  await refused(/cannot stand in/, { site, node, operator: ['anna\ntopic readwrite #'] });
  await refused(/cannot stand in/, { site, node, viewer: ['#'] });
  await refused(/not a topic filter/, { site, node, read: ['a#'] });
  await refused(/--prefix/, { site, node, prefix: 'a/#' });
});

acl.run();
