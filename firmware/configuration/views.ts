import Type, { type Static } from 'typebox';
import { closed } from './fields.ts';

/** A broker takes more, but whoever reads JSON by hand or in Node-RED does not. */
const JSON_PER_SECOND_MAX = 1_000;

/** The levels below which Home Assistant looks for discovery messages. */
const DiscoveryPrefix = Type.String({ pattern: '^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$', maxLength: 128 });

/** What the node shows to software that is not ours; nothing unless asked for. */
export const Views = Type.Object(
  {
    /** Decisions as JSON on `…/decision/json` (at most 50 a second unless told otherwise) and `…/state/json`. */
    json: Type.Optional(
      Type.Union([
        Type.Boolean(),
        Type.Object({ perSecond: Type.Number({ exclusiveMinimum: 0, maximum: JSON_PER_SECOND_MAX }) }, closed),
      ]),
    ),
    /** Home Assistant finds the gateway by itself; `false` or `enabled: false` takes away what it had found. */
    homeAssistant: Type.Optional(
      Type.Union([
        Type.Boolean(),
        Type.Object(
          { discoveryPrefix: Type.Optional(DiscoveryPrefix), enabled: Type.Optional(Type.Boolean()) },
          closed,
        ),
      ]),
    ),
    /** Prometheus metrics over HTTP, on this machine alone unless another address is named. */
    metrics: Type.Optional(
      Type.Object(
        {
          port: Type.Integer({ minimum: 0, maximum: 65_535 }),
          host: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
        },
        closed,
      ),
    ),
  },
  closed,
);

export type Views = Static<typeof Views>;

/** The views with everything left out filled in. */
export interface ViewSettings {
  /** Decisions a second as JSON; 0 for none. */
  readonly jsonPerSecond: number;
  /** Null: neither announced nor taken away. */
  readonly homeAssistant: { readonly discoveryPrefix: string; readonly enabled: boolean } | null;
  readonly metrics: { readonly port: number; readonly host: string } | null;
}

const JSON_PER_SECOND = 50;
const DISCOVERY_PREFIX = 'homeassistant';

export const viewSettings = ({ json = false, homeAssistant, metrics }: Views = {}): ViewSettings => {
  const asked = typeof homeAssistant === 'boolean' ? { enabled: homeAssistant } : homeAssistant;
  return {
    jsonPerSecond: typeof json === 'object' ? json.perSecond : json ? JSON_PER_SECOND : 0,
    homeAssistant: asked === undefined ? null : { discoveryPrefix: DISCOVERY_PREFIX, enabled: true, ...asked },
    metrics: metrics === undefined ? null : { host: '127.0.0.1', ...metrics },
  };
};
