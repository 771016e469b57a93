import type { Random } from '../../kernels/random.ts';
import type { LabelledWindows } from './windows.ts';

/** Spread of the simulated sensors' gain (log-normal): an aged sensor has lost or gained about a half. */
const GAIN_SPREAD = 0.5;

/**
 * Copies of some windows as aged sensors would have seen them: every channel gets one gain, the same for all windows.
 * Sensitivity is what ageing, fouling and remounting change; a scaling that stands it is the better start for a
 * stream that drifts. Offsets are left out: on gas_drift they preferred the scaling that real drift then broke.
 */
export function driftedCopy(windows: LabelledWindows, rows: Int32Array, random: Random): Float32Array {
  const channels = windows.channels.length;
  const { window } = windows;
  const perWindow = channels * window;
  const out = new Float32Array(rows.length * perWindow);
  for (let c = 0; c < channels; c += 1) {
    const gain = Math.exp(GAIN_SPREAD * random.normal());
    rows.forEach((row, n) => {
      const from = row * perWindow + c * window;
      const to = n * perWindow + c * window;
      for (let i = 0; i < window; i += 1) out[to + i] = windows.samples[from + i]! * gain;
    });
  }
  return out;
}
