import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { BOARD_NAMES } from '../boards/registry.ts';
import { Name } from '../protocols/names.ts';
import { Broker, brokerFault } from './configuration/broker.ts';
import { explain, likeliest, shown } from './configuration/faults.ts';
import { closed, Path, Seed } from './configuration/fields.ts';
import { Labeller } from './configuration/labeller.ts';
import { Sensor, sensorFault } from './configuration/sensors.ts';
import { Views } from './configuration/views.ts';
import { NodeError } from './errors.ts';

/** A node's whole configuration; a JSON file, or the bundled one of the demonstration. */
export const Configuration = Type.Object(
  {
    site: Name,
    node: Name,
    board: Type.Enum([...BOARD_NAMES]),
    broker: Broker,
    sensor: Sensor,
    labeller: Type.Optional(Labeller),
    views: Type.Optional(Views),
    /** The .tflite file; the demonstration's own when left out. */
    model: Type.Optional(Path),
    /** Directory of what is learned. */
    state: Type.Optional(Path),
    /** The experts that decide together; `frozen` is always one of them. */
    experts: Type.Array(Type.Union([Type.Literal('frozen'), Type.Literal('renormalised'), Type.Literal('local')]), {
      minItems: 1,
      uniqueItems: true,
    }),
    seed: Seed,
  },
  closed,
);

export type Configuration = Static<typeof Configuration>;

const validator = Compile(Configuration);

/**
 * Checks a configuration completely.
 *
 * @param source where it comes from, for the message
 * @throws NodeError `badConfiguration` naming the first wrong value and its path
 */
export const checkConfiguration = (value: unknown, source: string): Configuration => {
  const wrong = (path: string, why: string): NodeError =>
    new NodeError('badConfiguration', `${source}: ${path || 'the whole'} ${why}; it is ${shown(value, path)}`);
  if (!validator.Check(value)) {
    const fault = likeliest(validator.Errors(value));
    throw fault === undefined ? wrong('', 'is not a configuration') : wrong(fault.instancePath, explain(fault));
  }
  const { sensor, labeller } = value;
  const fault = brokerFault(value.broker) ?? sensorFault(sensor);
  if (fault !== null) throw wrong(fault.path, fault.why);
  if (labeller !== undefined && labeller.delayMsMax < labeller.delayMsMin) {
    throw wrong('/labeller/delayMsMax', 'must not be below delayMsMin');
  }
  if (labeller !== undefined && sensor.kind !== 'simulated') {
    throw wrong('/labeller', 'answers for the simulated machine only; a recording has its own labelRate');
  }
  return value;
};
