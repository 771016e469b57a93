import type { OutgoingMessage } from '../machines/outgoing-message.ts';
import { encodeJson, type Speaker } from './json.ts';

/** Everything that Home Assistant is told about a gateway. Topics are whole: prefix included. */
export interface DeviceFacts extends Speaker {
  readonly version: string;
  readonly board: string;
  readonly model: string;
  /** Classes of the model; none of a regressor. */
  readonly classes: readonly string[];
  /** Values of a regressor. */
  readonly outputs: readonly { readonly name: string; readonly unit?: string }[];
  /** An anomaly model's decisions have a score and a threshold. */
  readonly scores: boolean;
  readonly stateTopic: string;
  readonly availabilityTopic: string;
  readonly acknowledgeTopic: string;
  /** Where the open questions are. */
  readonly askTopic: string;
  readonly alarms: readonly { readonly name: string; readonly latched: boolean }[];
}

/** A retained discovery message for every entity of a gateway. */
export interface Discovery {
  /** `<discoveryPrefix>/<component>/<nodeId>/<objectId>/config`; absolute. */
  readonly messages: readonly OutgoingMessage[];
  /** Matches the discovery topics of this gateway and of no other: what is found there and not ours any more goes. */
  readonly filter: string;
}

type Entity = Readonly<Record<string, unknown>>;

/**
 * MQTT discovery of Home Assistant, one message per entity (home-assistant.io/integrations/mqtt/#mqtt-discovery). All
 * entities read the one retained state object, so that a restarted Home Assistant shows everything at once.
 */
export const discoveryOf = (discoveryPrefix: string, facts: DeviceFacts): Discovery => {
  const nodeId = nodeIdOf(facts);
  const shared = {
    availability: [{ topic: facts.availabilityTopic }],
    device: {
      identifiers: [`myrmex-${nodeId}`],
      name: `${facts.site}/${facts.node}`,
      manufacturer: 'Myrmex',
      model: `gateway (${facts.board}), ${facts.model}`,
      sw_version: facts.version,
    },
    origin: { name: 'myrmex', sw_version: facts.version },
  };
  const messages = entitiesOf(facts).map(([component, objectId, entity]): OutgoingMessage => {
    const source = component === 'button' ? {} : { state_topic: facts.stateTopic };
    const payload = encodeJson({ ...source, ...entity, unique_id: `myrmex-${nodeId}-${objectId}`, ...shared });
    const topic = `${discoveryPrefix}/${component}/${nodeId}/${objectId}/config`;
    return { topic, absolute: true, payload, qos: 1, retain: true };
  });
  return { messages, filter: `${discoveryPrefix}/+/${nodeId}/+/config` };
};

/** What a broker must allow for discovery: to announce, to find what was announced before, to hear of restarts. */
export const discoveryTopics = (discoveryPrefix: string, site: string, node: string) => {
  const writes = `${discoveryPrefix}/+/${nodeIdOf({ site, node })}/+/config`;
  return { writes, reads: [writes, `${discoveryPrefix}/status`] };
};

/** An empty retained payload takes a discovery message away, as the documentation of MQTT discovery has it. */
export const removal = (topic: string): OutgoingMessage => ({
  ...{ topic, absolute: true, payload: new Uint8Array(0), qos: 1, retain: true },
});

type Announcement = readonly [component: 'sensor' | 'binary_sensor' | 'button', objectId: string, entity: Entity];

const entitiesOf = (facts: DeviceFacts): readonly Announcement[] => [
  ...(facts.classes.length === 0 ? [] : classEntities(facts)),
  ...facts.outputs.map(valueEntity),
  ...(facts.scores ? [...scoreEntities] : []),
  measured('drift', 'Drift', 'value_json.drift', 2),
  [
    'binary_sensor',
    'health',
    {
      ...{ name: 'Health', device_class: 'problem', entity_category: 'diagnostic' },
      value_template: "{{ 'OFF' if value_json.health == 'ok' else 'ON' }}",
      json_attributes_topic: facts.stateTopic,
      json_attributes_template: '{{ value_json.troubles | tojson }}',
    },
  ],
  ...facts.alarms.flatMap((alarm) => alarmEntities(alarm, facts)),
];

const classEntities = ({ classes, askTopic }: DeviceFacts): readonly Announcement[] => [
  [
    'sensor',
    'decision',
    // A decision that could not be made is null, which becomes `None`: Home Assistant shows that as unknown.
    { name: 'Decision', device_class: 'enum', options: [...classes], value_template: '{{ value_json.decision }}' },
  ],
  ['sensor', 'confidence', { name: 'Confidence', ...share('confidence') }],
  [
    'sensor',
    'labels',
    {
      ...{ name: 'Labels learned', state_class: 'total_increasing', entity_category: 'diagnostic' },
      value_template: '{{ value_json.labels }}',
    },
  ],
  [
    'sensor',
    'asks',
    {
      ...{ name: 'Labels wanted', state_class: 'measurement', entity_category: 'diagnostic', state_topic: askTopic },
      value_template: '{{ value_json.windows | length }}',
      json_attributes_topic: askTopic,
    },
  ],
  ['sensor', 'accuracy', { name: 'Accuracy', entity_category: 'diagnostic', ...share('accuracy') }],
];

/** @param expression in Jinja; None is shown as unknown */
const measured = (objectId: string, name: string, expression: string, precision: number): Announcement => [
  'sensor',
  objectId,
  {
    ...{ name, state_class: 'measurement', suggested_display_precision: precision },
    value_template: `{{ ${expression} }}`,
  },
];

/**
 * `value_json.values` would be the method of the dictionary. JSON's quoting is also Jinja's, and names may hold
 * anything, so that ids count instead.
 */
const valueEntity = ({ name, unit }: DeviceFacts['outputs'][number], at: number): Announcement => {
  const [component, id, entity] = measured(
    `value-${at}`,
    name,
    `value_json.get('values', {}).get(${JSON.stringify(name)})`,
    3,
  );
  return [component, id, unit === undefined ? entity : { ...entity, unit_of_measurement: unit }];
};

/** An alarm, and a button that acknowledges it where it waits for that. */
const alarmEntities = (
  { name, latched }: DeviceFacts['alarms'][number],
  { stateTopic, acknowledgeTopic }: DeviceFacts,
): readonly Announcement[] => {
  const alarm = `value_json.alarms['${name}']`;
  const id = `alarm-${escaped(name)}`;
  const sensor = {
    ...{ name: `Alarm ${name}`, device_class: 'problem', json_attributes_topic: stateTopic },
    value_template: `{{ 'OFF' if ${alarm}.state == 'clear' else 'ON' }}`,
    json_attributes_template: `{{ ${alarm} | tojson }}`,
  };
  const button = {
    ...{ name: `Acknowledge ${name}`, command_topic: acknowledgeTopic, qos: 1 },
    payload_press: JSON.stringify({ alarm: name, by: 'Home Assistant' }),
  };
  return [
    ['binary_sensor', id, sensor],
    ...(latched ? [['button', `acknowledge-${escaped(name)}`, button] as const] : []),
  ];
};

/** A window that could not be judged has no score; the threshold follows the machine. */
const scoreEntities: readonly Announcement[] = [
  measured('score', 'Anomaly score', "value_json.get('score')", 4),
  measured('threshold', 'Anomaly threshold', "value_json.get('threshold')", 4),
];

/** A share of one, shown in per cent. */
const share = (name: string): Entity => ({
  ...{ state_class: 'measurement', unit_of_measurement: '%', suggested_display_precision: 1 },
  value_template: `{{ None if value_json.${name} is none else (value_json.${name} * 100) | round(2) }}`,
});

const nodeIdOf = ({ site, node }: Speaker): string => `${escaped(site)}_-${escaped(node)}`;

/**
 * Ids in discovery topics have letters, digits, `_` and `-`; names of ours may hold dots too. Dots and underscores are
 * escaped, so that no two gateways and no two alarms get one id.
 */
const escaped = (name: string): string => name.replaceAll('_', '__').replaceAll('.', '_d');
