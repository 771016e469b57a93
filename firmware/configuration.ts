import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { BOARD_NAMES } from '../boards/registry.ts';
import { Name } from '../protocols/names.ts';
import { NodeError } from './errors.ts';

const closed = { additionalProperties: false } as const;
const Share = Type.Number({ minimum: 0, maximum: 1 });
const Seed = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Path = Type.String({ minLength: 1, maxLength: 4_096 });
const Millis = Type.Number({ minimum: 0, maximum: 86_400_000 });

/** The broker: embedded in this process, or any MQTT 3.1.1 broker by URL. */
const Broker = Type.Union([
  Type.Object(
    {
      embedded: Type.Literal(true),
      /** Address to listen on; this machine alone unless said otherwise. */
      host: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
      /** 0 lets the system choose. */
      port: Type.Integer({ minimum: 0, maximum: 65_535 }),
      /** Take any free port when this one is in use. */
      orAnyPort: Type.Optional(Type.Boolean()),
    },
    closed,
  ),
  Type.Object({ url: Type.String({ pattern: '^(mqtts?|wss?)://', maxLength: 1_024 }) }, closed),
]);

const SimulatedSensor = Type.Object(
  {
    kind: Type.Literal('simulated'),
    seed: Seed,
    /** When the drift begins and is complete, ms after start; null for none. */
    drift: Type.Union([Type.Object({ beginMs: Millis, endMs: Millis }, closed), Type.Null()]),
  },
  closed,
);

const RecordingSensor = Type.Object(
  {
    kind: Type.Literal('recording'),
    path: Path,
    /** The node whose rows are played; the first one when left out. */
    node: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    /** Only these segments; all when left out. */
    segments: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { minItems: 1 })),
    /** As fast as it can be decided, or times the speed of the recording. */
    speed: Type.Union([Type.Literal('max'), Type.Number({ exclusiveMinimum: 0, maximum: 1_000 })]),
    /** Share of labelled windows whose label is revealed. */
    labelRate: Share,
  },
  closed,
);

/** Someone who answers some windows late, as an operator would; only a simulated machine has one built in. */
const Labeller = Type.Object({ rate: Share, delayMsMin: Millis, delayMsMax: Millis }, closed);

/** A node's whole configuration; a JSON file, or the bundled one of the demonstration. */
export const Configuration = Type.Object(
  {
    site: Name,
    node: Name,
    board: Type.Enum([...BOARD_NAMES]),
    broker: Broker,
    sensor: Type.Union([SimulatedSensor, RecordingSensor]),
    labeller: Type.Optional(Labeller),
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
  if (sensor.kind === 'simulated' && sensor.drift !== null && sensor.drift.endMs <= sensor.drift.beginMs) {
    throw wrong('/sensor/drift/endMs', 'must be later than beginMs');
  }
  if (labeller !== undefined && labeller.delayMsMax < labeller.delayMsMin) {
    throw wrong('/labeller/delayMsMax', 'must not be below delayMsMin');
  }
  if (labeller !== undefined && sensor.kind !== 'simulated') {
    throw wrong('/labeller', 'answers for the simulated machine only; a recording has its own labelRate');
  }
  return value;
};

type Fault = ReturnType<typeof validator.Errors>[number];

/** Complaints that only repeat, from further out, what another one says. */
const ECHOES: readonly string[] = ['const', 'anyOf', 'additionalProperties'];

/** The complaint a person can use: of a union's alternatives, those of the one that the value comes closest to. */
const likeliest = (faults: readonly Fault[]): Fault | undefined => {
  const alternativeOf = ({ schemaPath }: Fault): string => /^.*?\/anyOf\/\d+/.exec(schemaPath)?.[0] ?? '';
  const weight = (fault: Fault): number => {
    const alternative = alternativeOf(fault);
    const distance = alternative === '' ? 0 : faults.filter((other) => alternativeOf(other) === alternative).length;
    return ECHOES.includes(fault.keyword) ? distance + faults.length : distance;
  };
  return [...faults].sort((a, b) => weight(a) - weight(b))[0];
};

const explain = ({ keyword, params, message }: Fault): string => {
  const { requiredProperties, allowedValues } = params as Record<string, readonly string[] | undefined>;
  if (keyword === 'boolean') return 'is not a field of a configuration';
  if (requiredProperties !== undefined) return `needs ${requiredProperties.join(', ')}`;
  if (allowedValues !== undefined) return `must be one of ${[...allowedValues].join(', ')}`;
  return message;
};

/** The value at a JSON pointer, shortened. */
const shown = (value: unknown, path: string): string => {
  let at = value;
  for (const key of path.split('/').slice(1)) at = (at as Record<string, unknown> | undefined)?.[key];
  return (JSON.stringify(at) ?? 'absent').slice(0, 80);
};
