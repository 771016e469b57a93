import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/schema';
import { Settings } from 'typebox/system';
import { BOARD_NAMES } from '../boards/registry.ts';
import { FLEET, Name } from '../protocols/names.ts';
import { Alarms, alarmsFault } from './configuration/alarms.ts';
import { bridgesFault } from './configuration/bridges.ts';
import { Broker, brokerFault } from './configuration/broker.ts';
import { limitsFault } from './configuration/broker-limits.ts';
import { Engine, engineFault } from './configuration/engine.ts';
import { explainAll, shown, type WrongValue } from './configuration/faults.ts';
import { closed, Path, Seed } from './configuration/fields.ts';
import { Labeller, labellerFault } from './configuration/labeller.ts';
import { Learning } from './configuration/learning.ts';
import { Log } from './configuration/log.ts';
import { Mesh, meshFault } from './configuration/mesh.ts';
import { Rules, rulesFault } from './configuration/rules.ts';
import { Sensor, sensorFault } from './configuration/sensors.ts';
import { Views } from './configuration/views.ts';
import { NodeError } from './errors.ts';

/** A node's whole configuration; a JSON file, or the bundled one of the demonstration. */
export const Configuration = Type.Object(
  {
    /** Where editors find `myrmex config schema`; of no use to the node. */
    $schema: Type.Optional(Type.String({ maxLength: 1_024 })),
    site: Name,
    node: Name,
    board: Type.Enum([...BOARD_NAMES]),
    broker: Broker,
    sensor: Sensor,
    labeller: Type.Optional(Labeller),
    views: Type.Optional(Views),
    alarms: Type.Optional(Alarms),
    rules: Type.Optional(Rules),
    log: Type.Optional(Log),
    /** Sharing what is learned with other gateways; nothing is shared when left out. */
    mesh: Type.Optional(Mesh),
    /** The .tflite file; the demonstration's own when left out. */
    model: Type.Optional(Path),
    /** Directory of what is learned. */
    state: Type.Optional(Path),
    /** The experts that decide together; `frozen` is always one of them. */
    experts: Type.Array(
      Type.Union([
        Type.Literal('frozen'),
        Type.Literal('renormalised'),
        Type.Literal('local'),
        Type.Literal('shared'),
        Type.Literal('linear'),
        Type.Literal('context'),
      ]),
      { minItems: 1, uniqueItems: true },
    ),
    /** How adapters are stored, and how many are kept. */
    learning: Type.Optional(Learning),
    /** What runs the model; `native` for the frozen expert alone. */
    engine: Type.Optional(Engine),
    seed: Seed,
  },
  closed,
);

export type Configuration = Static<typeof Configuration>;

/** What the schema cannot say: fields that are each right by themselves and wrong together. One line per section. */
const CROSS_CHECKS: readonly ((configuration: Configuration) => WrongValue | null)[] = [
  ({ node }) =>
    node === FLEET ? { path: '/node', why: 'is the operator’s own name at a site: choose another' } : null,
  ({ broker }) => brokerFault(broker),
  ({ broker, board }) => ('url' in broker ? null : limitsFault(board, broker.limits)),
  ({ sensor }) => sensorFault(sensor),
  labellerFault,
  ({ alarms }) => alarmsFault(alarms),
  ({ rules }) => rulesFault(rules),
  ({ engine, experts }) => engineFault(engine, experts),
  ({ mesh, broker }) => meshFault(mesh, broker),
  ({ mesh, site }) => bridgesFault(site, mesh?.bridges),
];

/** More faults than a person mends at a time. */
const FAULTS_MAX = 10;
/** A union reports each of its alternatives; with typebox's own 8 the likeliest would often not be among them. */
const VALIDATOR_ERRORS_MAX = 500;

const validator = Compile(Configuration);

/** Everything that is wrong with a configuration, as `path why; it is value`; empty when it is sound. */
export const faultsOfConfiguration = (value: unknown): readonly string[] => {
  const say = ({ path, why }: WrongValue): string => `${path || 'the whole'} ${why}; it is ${shown(value, path)}`;
  if (!validator.Check(value)) {
    Settings.Set({ maxErrors: VALIDATOR_ERRORS_MAX });
    const [, errors] = validator.Errors(value);
    const wrong = explainAll(errors);
    return (wrong.length > 0 ? wrong : [{ path: '', why: 'is not a configuration' }]).slice(0, FAULTS_MAX).map(say);
  }
  return CROSS_CHECKS.flatMap((check) => check(value) ?? []).map(say);
};

/**
 * Checks a configuration completely.
 *
 * @param source where it comes from, for the message
 * @throws NodeError `badConfiguration` naming the first wrong value and its path
 */
export const checkConfiguration = (value: unknown, source: string): Configuration => {
  const [first, ...others] = faultsOfConfiguration(value);
  if (first === undefined) return value as Configuration;
  const more = others.length === 0 ? '' : ` (and ${others.length} more: "myrmex config check" lists them)`;
  throw new NodeError('badConfiguration', `${source}: ${first}${more}`);
};
