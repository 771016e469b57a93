import { performance } from 'node:perf_hooks';

/** Time as an argument: machines and adapters ask this, so that tests and replay can answer. */
export interface Clock {
  /** Milliseconds that never jump back; the zero is arbitrary. For deadlines and latencies. */
  monotonicMs(): number;
  /** Unix time in ms as the gateway believes it. Advisory: many gateways have no clock chip. */
  unixMs(): number;
}

export function systemClock(): Clock {
  return { monotonicMs: () => performance.now(), unixMs: () => Date.now() };
}
