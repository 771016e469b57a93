import Type, { type Static } from 'typebox';
import { closed } from './fields.ts';

/** The broker: embedded in this process, or any MQTT 3.1.1 broker by URL. */
export const Broker = Type.Union([
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

export type Broker = Static<typeof Broker>;
