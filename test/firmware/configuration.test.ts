import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { variableOf, withEnvironment } from '../../firmware/configuration/environment.ts';
import { nearest } from '../../firmware/configuration/nearest.ts';
import { pathsOf } from '../../firmware/configuration/schema-walk.ts';
import { masked } from '../../firmware/configuration/secrets.ts';
import { Configuration, checkConfiguration, faultsOfConfiguration } from '../../firmware/configuration.ts';
import { demoConfiguration } from '../../firmware/demo/configuration.ts';
import { NodeError } from '../../firmware/errors.ts';

const configuration = suite('configuration');

const remote = { ...demoConfiguration, broker: { url: 'mqtt://broker.local:1883' } };

const faultsOf = (change: object): readonly string[] => faultsOfConfiguration({ ...demoConfiguration, ...change });

const overlaid = (base: unknown, environment: Record<string, string>): Record<string, unknown> =>
  withEnvironment(base, environment, Configuration).value as Record<string, unknown>;

configuration('every fault is told, each once, with path, expectation and value', () => {
  const broker = { embedded: true, port: 70_000, colour: 'red' };
  const faults = faultsOf({ site: 'Two Words', broker, experts: ['frozen', 'remote'], seed: -2 });
  assert.is(faults.length, 5, faults.join('\n'));
  const told = (pattern: RegExp): void =>
    assert.ok(
      faults.some((fault) => pattern.test(fault)),
      faults.join('\n'),
    );
  told(/^\/site must match .*"Two Words"$/);
  told(/^\/broker\/port must be <= 65535; it is 70000$/);
  told(/^\/broker\/colour is not a field of a configuration; it is "red"$/);
  told(/^\/experts\/1 must be one of frozen, renormalised, local, shared, linear, context; it is "remote"$/);
  told(/^\/seed must be >= 0; it is -2$/);
});

configuration('of a union, only the alternative that was meant is spoken of', () => {
  assert.equal(
    faultsOf({ labeller: undefined, sensor: { kind: 'simulated', seed: 1, drift: { beginMs: 'x', endMs: 1 } } }),
    ['/sensor/drift/beginMs must be number; it is "x"'],
  );
  assert.match(
    faultsOf({ sensor: { kind: 'thermometer' } }).join(),
    /^\/sensor\/kind must be one of simulated, recording/,
  );
});

configuration('a tag says what was meant, however many other fields speak for something else', () => {
  const faults = faultsOf({ labeller: undefined, sensor: { kind: 'recording', seed: 1, drift: 5 } }).join('\n');
  assert.match(faults, /\/sensor needs path, speed, labelRate/);
  assert.match(faults, /\/sensor\/drift is not a field/);
  assert.not.match(faults, /\/sensor\/kind/);
});

configuration('fields that are right alone and wrong together', () => {
  const drift = { beginMs: 2, endMs: 1 };
  assert.match(faultsOf({ sensor: { kind: 'simulated', seed: 1, drift } }).join(), /^\/sensor\/drift\/endMs .*later/);
  assert.match(faultsOf({ labeller: { rate: 1, delayMsMin: 2, delayMsMax: 1 } }).join(), /^\/labeller\/delayMsMax/);
});

configuration('a start names the first fault and where it stands, and says that there are more', () => {
  try {
    checkConfiguration({ ...demoConfiguration, seed: -1, site: '' }, 'node.json');
    assert.unreachable();
  } catch (error) {
    assert.instance(error, NodeError);
    assert.match((error as NodeError).message, /^node\.json: \/\w+ must .* \(and 1 more/);
  }
});

configuration('$schema is for editors', () => {
  assert.equal(faultsOf({ $schema: './myrmex.schema.json' }), []);
});

configuration('a variable sets the field that its name spells', () => {
  const value = overlaid(demoConfiguration, {
    MYRMEX_SITE: '12',
    MYRMEX_NODE: '',
    MYRMEX_SEED: '7',
    MYRMEX_LABELLER__DELAY_MS_MAX: '9000',
    MYRMEX_EXPERTS__1: 'local',
    MYRMEX_SENSOR__DRIFT: 'null',
    HOME: '/root',
  });
  assert.is(value.site, '12', 'text stays text, even of digits');
  assert.is(value.node, demoConfiguration.node, 'empty is not set');
  assert.is(value.seed, 7);
  assert.equal(value.labeller, { rate: 0.25, delayMsMin: 500, delayMsMax: 9_000 });
  assert.equal(value.experts, ['frozen', 'local', 'local', 'linear', 'context']);
  assert.is((value.sensor as { drift: unknown }).drift, null);
  assert.is(demoConfiguration.labeller!.delayMsMax, 2_000, 'the base is untouched');
});

configuration('what is not readable as the type wanted is left for the validator to name', () => {
  assert.match(faultsOfConfiguration(overlaid(demoConfiguration, { MYRMEX_SEED: 'many' })).join(), /^\/seed .*"many"/);
});

configuration('a field of another kind of thing replaces it whole', () => {
  const value = overlaid(demoConfiguration, { MYRMEX_BROKER__URL: 'mqtt://elsewhere' });
  assert.equal(value.broker, { url: 'mqtt://elsewhere' });
  assert.equal(faultsOfConfiguration(value), []);
  const back = overlaid(remote, { MYRMEX_BROKER__EMBEDDED: 'true', MYRMEX_BROKER__PORT: '0' });
  assert.equal(back.broker, { embedded: true, port: 0 });
  const playing = { MYRMEX_SENSOR__KIND: 'recording', MYRMEX_SENSOR__PATH: 'x', MYRMEX_SENSOR__SPEED: '2' };
  const { sensor } = overlaid(demoConfiguration, { ...playing, MYRMEX_SENSOR__LABEL_RATE: '0' });
  assert.equal(sensor, { kind: 'recording', path: 'x', speed: 2, labelRate: 0 });
});

configuration('a variable that names nothing is refused with the nearest that does', () => {
  const overlay = () => overlaid(demoConfiguration, { MYRMEX_BROKER__PROT: '1' });
  assert.throws(overlay, (error: Error) => /MYRMEX_BROKER__PROT .*nearest is MYRMEX_BROKER__PORT$/.test(error.message));
  const house = { MYRMEX_DATA: '/data', MYRMEX_TEST_WATCHDOG_MS: '1' };
  assert.equal(overlaid(demoConfiguration, house), demoConfiguration);
});

configuration('every field of the schema has a variable of its own', () => {
  const names = pathsOf(Configuration).map(({ path }) => variableOf(path));
  assert.is(new Set(names).size, names.length);
  assert.ok(names.includes('MYRMEX_BROKER__OR_ANY_PORT') && names.includes('MYRMEX_EXPERTS__0'));
});

configuration('the nearest word', () => {
  assert.is(nearest('kitten', ['mitten', 'sitting', 'knitting']), 'mitten');
  assert.is(nearest('abc', ['xyz', 'abcd', 'ab']), 'abcd');
});

configuration('secrets are not shown, their files are', () => {
  const value = {
    broker: { url: 'mqtts://user:pass@host/x', password: 'p', passwordFile: '/f' },
    list: [{ token: 1 }],
  };
  assert.equal(masked(value), {
    broker: { url: 'mqtts://***@host/x', password: '***', passwordFile: '/f' },
    list: [{ token: '***' }],
  });
  assert.not.match(faultsOf({ broker: { url: 'http://user:pass@host', password: 'hush' } }).join(), /pass@|hush/);
});

configuration.run();
