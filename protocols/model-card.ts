import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';

/** Name of the .tflite metadata buffer that holds the card as UTF-8 JSON. */
export const MODEL_CARD_METADATA_NAME = 'myrmex';

/** Bounds of everything a card may hold; a card comes over the air. */
export const MODEL_CARD_LIMITS = {
  bytesMax: 1 << 20,
  labelsMax: 256,
  channelsMax: 1024,
  windowMax: 1 << 16,
  featuresMax: 1 << 14,
  nameCharsMax: 64,
} as const;

const { labelsMax, channelsMax, windowMax, featuresMax, nameCharsMax } = MODEL_CARD_LIMITS;
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

/** What a node must know to feed a model and to read its answer. Fields unknown to version 1 are refused. */
export const ModelCard = Type.Object(
  {
    kind: Type.Literal('myrmex-model'),
    version: Type.Literal(1),
    task: Type.Literal('classifier'),
    /** Class names in the order of the model's output. */
    labels: Type.Array(Name, { minItems: 2, maxItems: labelsMax }),
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
    /** Share of held-back windows that the float network and the int8 model got right, where `train` measured it. */
    accuracy: Type.Optional(Type.Object({ float: Accuracy, int8: Accuracy }, closed)),
  },
  closed,
);
export type ModelCard = Static<typeof ModelCard>;

const validator = Compile(ModelCard);

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
  const value = parseJson(bytes);
  if (!validator.Check(value)) {
    const [first] = validator.Errors(value);
    const field = first?.instancePath || '/';
    // The validator says "schema is false" of a field that no version 1 card has.
    const reason = first?.keyword === 'boolean' ? 'no such field in version 1' : (first?.message ?? 'unknown');
    throw new ModelCardError(`the model card is not valid at ${field}: ${reason}`);
  }
  checkRelations(value);
  return value;
}

/** The bytes to store. Throws a ModelCardError when the card would not be read back. */
export function encodeModelCard(card: ModelCard): Uint8Array {
  const bytes = new TextEncoder().encode(JSON.stringify(card));
  parseModelCard(bytes);
  return bytes;
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
  for (const field of ['labels', 'channels'] as const) {
    if (new Set(card[field]).size !== card[field].length) {
      throw new ModelCardError(`the model card names one of its ${field} twice`);
    }
  }
}
