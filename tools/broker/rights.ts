import { viewSettings } from '../../firmware/configuration/views.ts';
import type { Configuration } from '../../firmware/configuration.ts';
import { discoveryTopics } from '../../firmware/views/home-assistant.ts';
import { clientIdOf } from '../../protocols/access.ts';
import type { NodeRights } from './acl.ts';

/** What a configured node needs of its broker. */
export const rightsOf = (configuration: Configuration): NodeRights => {
  const { site, node, broker, sensor, labeller, views, rules = [] } = configuration;
  const { homeAssistant } = viewSettings(views);
  const discovery = homeAssistant === null ? [] : [discoveryTopics(homeAssistant.discoveryPrefix, site, node)];
  const username = 'url' in broker ? broker.username : undefined;
  return {
    node,
    username: username ?? clientIdOf(site, node),
    reads: [
      ...new Set([
        ...sensorTopics(sensor),
        ...rules.map(({ topic }) => topic),
        ...discovery.flatMap(({ reads }) => reads),
      ]),
    ],
    writes: discovery.map(({ writes }) => writes),
    labelsItself: labeller !== undefined || (sensor.kind === 'recording' && sensor.labelRate > 0),
  };
};

/** Topics that a sensor reads through the node's own broker. */
const sensorTopics = (sensor: Configuration['sensor']): readonly string[] => {
  const parts = sensor.kind === 'several' ? sensor.sensors : [sensor];
  return parts.flatMap((part) =>
    part.kind === 'mqtt' && part.broker === undefined ? Object.values(part.channels).map(({ topic }) => topic) : [],
  );
};
