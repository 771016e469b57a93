import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type DeviceFacts, discoveryOf, removal } from '../../firmware/views/home-assistant.ts';
import { matchesFilter } from '../../protocols/topics.ts';

const documented = JSON.parse(
  readFileSync(new URL('../vectors/home-assistant-mqtt.schema.json', import.meta.url), 'utf8'),
) as { $defs: Record<string, object> };

/** Everything that the documentation says against a payload for a component; null when it says nothing. */
const faultsOf = (component: string, payload: unknown): unknown => {
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
  const validate = ajv.compile({ ...documented, $ref: `#/$defs/${component}` });
  return validate(payload) ? null : validate.errors;
};

const facts: DeviceFacts = {
  ...{ site: 'plant-2', node: 'press.7', version: '1.2.3', board: 'rpi4', model: 'press.tflite' },
  classes: ['normal', 'outer-race', 'Überlast'],
  stateTopic: 'factory/mx/1/plant-2/press.7/state/json',
  availabilityTopic: 'factory/mx/1/plant-2/press.7/availability',
  acknowledgeTopic: 'factory/mx/1/plant-2/press.7/alarm/acknowledge',
  askTopic: 'factory/mx/1/plant-2/press.7/ask/json',
  outputs: [],
  scores: false,
  alarms: [
    { name: 'bearing', latched: true },
    { name: 'bearing.2', latched: false },
    { name: 'bearing_2', latched: false },
  ],
};

interface Announced {
  readonly component: string;
  readonly objectId: string;
  readonly topic: string;
  readonly payload: Record<string, unknown>;
}

const announced = (of: DeviceFacts = facts): Announced[] =>
  discoveryOf('homeassistant', of).messages.map(({ topic, payload }) => {
    const [, component, , objectId] = topic.split('/');
    const text = new TextDecoder().decode(payload);
    return { component: component!, objectId: objectId!, topic, payload: JSON.parse(text) as Record<string, unknown> };
  });

const discovery = suite('Home Assistant discovery');

discovery('every payload is what the documentation allows, and nothing else', () => {
  for (const { component, topic, payload } of announced()) {
    assert.equal(faultsOf(component, payload), null, topic);
  }
});

discovery(
  'the schema can refuse: an unknown key, a missing topic, a class that does not exist, options with a unit',
  () => {
    const { payload } = announced().find(({ objectId }) => objectId === 'decision')!;
    const { state_topic: _, ...without } = payload;
    const broken = [
      { ...payload, colour: 'red' },
      without,
      { ...payload, device_class: 'verdict' },
      { ...payload, unit_of_measurement: '%' },
      { ...payload, device: { name: 'nobody' } },
      { ...payload, availability: [{}] },
      { ...payload, origin: { sw_version: '1' } },
      { ...payload, entity_category: 'config' },
    ];
    for (const each of broken) assert.is.not(faultsOf('sensor', each), null, JSON.stringify(each));
  },
);

const regressor: DeviceFacts = {
  ...{ ...facts, classes: [] },
  outputs: [{ name: 'flow', unit: 'm³/h' }, { name: 'it\'s "hot" \\ }}' }],
};

discovery('a regressor has a sensor per value and no decision; an anomaly model has its score', () => {
  for (const of of [regressor, { ...facts, classes: ['normal', 'anomaly'], scores: true }]) {
    for (const { component, topic, payload } of announced(of)) assert.equal(faultsOf(component, payload), null, topic);
  }
  const values = announced(regressor).filter(({ objectId }) => objectId.startsWith('value-'));
  assert.equal(
    values.map(({ payload }) => [payload.name, payload.unit_of_measurement, payload.value_template]),
    [
      ['flow', 'm³/h', `{{ value_json.get('values', {}).get("flow") }}`],
      ['it\'s "hot" \\ }}', undefined, `{{ value_json.get('values', {}).get("it's \\"hot\\" \\\\ }}") }}`],
    ],
  );
  assert.not.ok(announced(regressor).some(({ objectId }) => ['decision', 'confidence'].includes(objectId)));
  for (const figure of ['score', 'threshold']) {
    const found = announced({ ...facts, scores: true }).find(({ objectId }) => objectId === figure);
    assert.is(found?.payload.value_template, `{{ value_json.get('${figure}') }}`);
    assert.not.ok(announced(facts).some(({ objectId }) => objectId === figure));
  }
});

discovery('topics follow <prefix>/<component>/<node_id>/<object_id>/config with the documented alphabet', () => {
  for (const { topic } of announced()) {
    assert.match(topic, /^homeassistant\/(sensor|binary_sensor|button)\/[A-Za-z0-9_-]+\/[A-Za-z0-9_-]+\/config$/);
  }
  const { filter, messages } = discoveryOf('homeassistant', facts);
  for (const { topic, qos, retain, absolute } of messages) {
    assert.ok(matchesFilter(filter, topic), topic);
    assert.equal([qos, retain, absolute], [1, true, true]);
  }
});

discovery('one device; ids are its own, whatever dots and underscores the names hold', () => {
  const names = ['a.b/c', 'a_b/c', 'a/b.c', 'a/b_c', 'a_/b', 'a/_b', 'a_d/b', 'a._/b', 'a_-b/c', 'a/-b_c'];
  const ids = names.flatMap((name) => {
    const [site, node] = name.split('/') as [string, string];
    return announced({ ...facts, site, node }).map(({ payload }) => payload.unique_id as string);
  });
  assert.is(new Set(ids).size, ids.length);
  const devices = announced().map(({ payload }) => JSON.stringify(payload.device));
  assert.is(new Set(devices).size, 1);
});

discovery('decision, confidence, drift, health: the entities the order names, read from the state', () => {
  const of = (objectId: string) => announced().find((entity) => entity.objectId === objectId)!.payload;
  assert.equal(of('decision').options, facts.classes);
  for (const name of ['decision', 'confidence', 'drift', 'health']) {
    assert.match(of(name).value_template as string, new RegExp(`value_json\\.${name}\\b`));
    assert.is(of(name).state_topic, facts.stateTopic);
    assert.equal(of(name).availability, [{ topic: facts.availabilityTopic }]);
  }
  assert.is(of('health').device_class, 'problem');
});

discovery('an empty retained payload takes an entity away', () => {
  const { payload, retain, absolute } = removal('homeassistant/sensor/x/y/config');
  assert.equal([payload.length, retain, absolute], [0, true, true]);
});

discovery.run();
