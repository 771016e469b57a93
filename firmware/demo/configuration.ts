import type { Configuration } from '../configuration.ts';

/**
 * What runs when nobody says otherwise: a rotating machine whose surroundings begin to drift at second 5, and an
 * operator who answers a quarter of the windows, half a second to two seconds late.
 */
export const demoConfiguration: Configuration = {
  site: 'demo',
  node: 'gateway-1',
  board: 'pc',
  broker: { embedded: true, port: 1883, orAnyPort: true },
  sensor: { kind: 'simulated', seed: 1, drift: { beginMs: 5_000, endMs: 8_000 } },
  labeller: { rate: 0.25, delayMsMin: 500, delayMsMax: 2_000 },
  views: { json: true },
  experts: ['frozen', 'renormalised', 'local', 'linear', 'context'],
  seed: 0,
};
