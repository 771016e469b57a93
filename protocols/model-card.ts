import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/schema';

/** Name of the .tflite metadata buffer that holds the card as UTF-8 JSON. */
export const MODEL_CARD_METADATA_NAME = 'myrmex';

/** Bounds of everything a card may hold; a card comes over the air. */
export const MODEL_CARD_LIMITS = {
  bytesMax: 1 << 20,
  labelsMax: 256,
  outputsMax: 64,
  channelsMax: 1024,
  windowMax: 1 << 16,
  featuresMax: 1 << 14,
  nameCharsMax: 64,
} as const;

const { labelsMax, outputsMax, channelsMax, windowMax, featuresMax, nameCharsMax } = MODEL_CARD_LIMITS;
const Name = Type.String({ minLength: 1, maxLength: nameCharsMax });
const Accuracy = Type.Number({ minimum: 0, maximum: 1 });
const Finite = Type.Number({ minimum: -3.4e38, maximum: 3.4e38 });
const Positive = Type.Number({ exclusiveMinimum: 0, maximum: 3.4e38 });
const closed = { additionalProperties: false } as const;

const FeaturesOfCard = Type.Union([
  Type.Object({ kind: Type.Literal('raw') }, closed),
  Type.Object({ kind: Type.Literal('statistics') }, closed),
  Type.Object(
    {
      kind: Type.Literal('spectral'),
      /** FFT bins where bands begin; the last one ends the last band. */
      edges: Type.Array(Type.Integer({ minimum: 1, maximum: windowMax }), { minItems: 2, maxItems: 1025 }),
      /** One amplitude per channel, in the channel's unit. */
      floor: Type.Array(Positive, { minItems: 1, maxItems: channelsMax }),
    },
    closed,
  ),
]);

const common = {
  kind: Type.Literal('myrmex-model'),
  /** Channel names in the order of a sample row. */
  channels: Type.Array(Name, { minItems: 1, maxItems: channelsMax }),
  /** Rows per window, and rows from one window's start to the next one's. */
  window: Type.Integer({ minimum: 1, maximum: windowMax }),
  stride: Type.Integer({ minimum: 1, maximum: windowMax }),
  /** Milliseconds between rows; 0 when irregular or unknown. */
  sampleIntervalMs: Type.Number({ minimum: 0, maximum: 3.2e10 }),
  features: FeaturesOfCard,
  /** Per feature: transform, then (v - mean) / deviation. */
  normalisation: Type.Object(
    {
      transform: Type.Array(Type.Union([Type.Literal('linear'), Type.Literal('signedLog')]), {
        minItems: 1,
        maxItems: featuresMax,
      }),
      mean: Type.Array(Finite, { minItems: 1, maxItems: featuresMax }),
      deviation: Type.Array(Positive, { minItems: 1, maxItems: featuresMax }),
    },
    closed,
  ),
};

/** Of a classifier. */
const classes = {
  /** Class names in the order of the model's output. */
  labels: Type.Array(Name, { minItems: 2, maxItems: labelsMax }),
  /** Share of held-back windows that the float network and the int8 model got right, where `train` measured it. */
  accuracy: Type.Optional(Type.Object({ float: Accuracy, int8: Accuracy }, closed)),
};

/** One value that a regressor gives. */
const OutputOfCard = Type.Object(
  {
    name: Name,
    /** For people and views: `m3/h`. */
    unit: Type.Optional(Name),
    /** What the quantity can be: values beyond it are brought to its border. */
    range: Type.Optional(Type.Object({ low: Finite, high: Finite }, closed)),
  },
  closed,
);
export type OutputOfCard = Static<typeof OutputOfCard>;

/** Version 1 knew classifiers only. Fields that a version does not know are refused. */
const CardV1 = Type.Object(
  { ...common, version: Type.Literal(1), task: Type.Literal('classifier'), ...classes },
  closed,
);
const version = Type.Literal(2);
/** Without a task a card is a classifier's. */
const ClassifierV2 = Type.Object(
  { ...common, version, task: Type.Optional(Type.Literal('classification')), ...classes },
  closed,
);
const RegressorV2 = Type.Object(
  {
    ...common,
    version,
    task: Type.Literal('regression'),
    /** In the order of the model's output. */
    outputs: Type.Array(OutputOfCard, { minItems: 1, maxItems: outputsMax }),
  },
  closed,
);
const AnomalyV2 = Type.Object(
  {
    ...common,
    version,
    task: Type.Literal('anomaly'),
    /** Score beyond which a window is an anomaly (`AnomalyHead` says what a score is). */
    threshold: Positive,
  },
  closed,
);

type Common = { -readonly [Field in keyof typeof common]: Static<(typeof common)[Field]> };
export interface ClassifierCard extends Common {
  readonly task: 'classification';
  readonly labels: string[];
  readonly accuracy?: { float: number; int8: number };
}
export interface RegressorCard extends Common {
  readonly task: 'regression';
  /** None: what is measured has no classes. */
  readonly labels: string[];
  readonly outputs: OutputOfCard[];
}
export interface AnomalyCard extends Common {
  readonly task: 'anomaly';
  /** `ANOMALY_LABELS`. */
  readonly labels: string[];
  readonly threshold: number;
}

/** What a node must know to feed a model and to read its answer: one form, whatever version lies in the file. */
export type ModelCard = ClassifierCard | RegressorCard | AnomalyCard;
export type Task = ModelCard['task'];
export const TASKS = ['classification', 'regression', 'anomaly'] as const satisfies readonly Task[];

/** Classes of every anomaly model. */
export const ANOMALY_LABELS: readonly string[] = ['normal', 'anomaly'];

const validators = {
  classifier: Compile(CardV1),
  classification: Compile(ClassifierV2),
  regression: Compile(RegressorV2),
  anomaly: Compile(AnomalyV2),
};

/** The card is not one that this version understands. The message says which field is wrong. */
export class ModelCardError extends Error {
  readonly code = 'malformedModelCard';
  override readonly name = 'ModelCardError';
}

/** Decodes and checks a card completely; throws a ModelCardError that names the first wrong field. */
export function parseModelCard(bytes: Uint8Array): ModelCard {
  if (bytes.length > MODEL_CARD_LIMITS.bytesMax) {
    throw new ModelCardError(
      `the model card has ${bytes.length} bytes; at most ${MODEL_CARD_LIMITS.bytesMax} are read`,
    );
  }
  const card = checked(parseJson(bytes));
  checkRelations(card);
  return card;
}

/**
 * The bytes to store. A classifier's card is written as version 1, which says all of it: nodes that know no other
 * version open it, and a model made again is the same file, to whose hash everything learned belongs.
 *
 * @throws ModelCardError when the card would not be read back
 */
export function encodeModelCard(card: ModelCard): Uint8Array {
  const bytes = new TextEncoder().encode(JSON.stringify(stored(card)));
  parseModelCard(bytes);
  return bytes;
}

function stored(card: ModelCard): object {
  const { kind, task, labels, ...rest } = card;
  return task === 'classification'
    ? { kind, version: 1, task: 'classifier', labels, ...rest }
    : { kind, version: 2, task, ...rest };
}

/** Checks against the schema of the card's own version and task, and brings it to the one form. */
function checked(value: unknown): ModelCard {
  const { version, task } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  if (version === 1) return classifier(valid(validators.classifier, value));
  if (version !== undefined && version !== 2) {
    throw new ModelCardError('the model card is not valid at /version: this software reads versions 1 and 2');
  }
  switch (task) {
    case 'regression': {
      const { version: _, ...card } = valid(validators.regression, value);
      return { ...card, labels: [] };
    }
    case 'anomaly': {
      const { version: _, ...card } = valid(validators.anomaly, value);
      return { ...card, labels: [...ANOMALY_LABELS] };
    }
    default:
      return classifier(valid(validators.classification, value));
  }
}

function classifier({ version: _, ...card }: Static<typeof CardV1> | Static<typeof ClassifierV2>): ClassifierCard {
  return { ...card, task: 'classification' };
}

function valid<Card>(validator: CardValidator<Card>, value: unknown): Card {
  if (validator.Check(value)) return value;
  const [, [first]] = validator.Errors(value);
  const field = first?.instancePath || '/';
  // The validator says "schema is false" of a field that no card of this version has.
  const reason = first?.keyword === 'boolean' ? 'no such field in this version' : (first?.message ?? 'unknown');
  throw new ModelCardError(`the model card is not valid at ${field}: ${reason}`);
}

/** The part of a compiled validator that is used here. */
interface CardValidator<Card> {
  Check(value: unknown): value is Card;
  Errors(value: unknown): [isValid: boolean, { instancePath: string; keyword: string; message: string }[]];
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ModelCardError('the model card is not JSON in UTF-8', { cause });
  }
}

/** What a schema cannot say: lists that must agree in length, names that must differ. */
function checkRelations(card: ModelCard): void {
  const { transform, mean, deviation } = card.normalisation;
  if (transform.length !== mean.length || deviation.length !== mean.length) {
    throw new ModelCardError(
      `the model card has ${transform.length} transforms, ${mean.length} means and ${deviation.length} deviations; ` +
        'one each per feature is needed',
    );
  }
  const outputs = card.task === 'regression' ? card.outputs : [];
  const names = { labels: card.labels, channels: card.channels, outputs: outputs.map(({ name }) => name) };
  for (const [what, list] of Object.entries(names)) {
    if (new Set(list).size !== list.length) throw new ModelCardError(`the model card names one of its ${what} twice`);
  }
  for (const { name, range } of outputs) {
    if (range !== undefined && !(range.low < range.high)) {
      throw new ModelCardError(`the model card's range of ${name} goes from ${range.low} to ${range.high}`);
    }
  }
}
