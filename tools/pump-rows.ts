import { PUMP_CHANNELS, PUMP_INTERVAL_MS, type PumpOptions, simulatePump } from './simulated-pump.ts';

/** The simulated pump as the lines of a recording, cell by cell, header first. */
export function* pumpRows(options: PumpOptions): Generator<string[]> {
  yield ['node', 'segment', 't_ms', 'label', ...PUMP_CHANNELS];
  let tMs = 0;
  for (const { segment, label, values } of simulatePump(options)) {
    yield [`pump-${options.seed}`, segment, `${tMs}`, label, ...values.map((value) => `${+value.toPrecision(6)}`)];
    tMs += PUMP_INTERVAL_MS;
  }
}
