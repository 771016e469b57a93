import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  createSimulatedMachine,
  MACHINE_CHANNELS,
  MACHINE_LABELS,
  MACHINE_SAMPLE_RATE_HZ,
  type MachineDrift,
} from '../../firmware/simulated-machine.ts';

const machine = suite('simulated machine');
const DRIFTED: MachineDrift = { beginMs: 0, endMs: 1 };

const record = (options: { seed: number; drift: MachineDrift | null; seconds: number }) => {
  const simulated = createSimulatedMachine(options);
  const rows = options.seconds * MACHINE_SAMPLE_RATE_HZ;
  const values = new Float32Array(rows * MACHINE_CHANNELS.length);
  const states = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) states[row] = simulated.next(values, row * MACHINE_CHANNELS.length);
  return { values, states, rows };
};

/** The radial samples of one state, in stretches long enough for a spectrum line of 6.25 Hz. */
const stretchesOf = ({ values, states, rows }: ReturnType<typeof record>, state: number): Float32Array[] => {
  const length = 1_024;
  const stretches: Float32Array[] = [];
  for (let first = 0; first + length <= rows; first += length) {
    if (!states.subarray(first, first + length).every((at) => at === state)) continue;
    stretches.push(Float32Array.from({ length }, (_, n) => values[(first + n) * MACHINE_CHANNELS.length]!));
  }
  return stretches;
};

/** Mean amplitude at a frequency, by correlation with a Hann-tapered sine and cosine. */
const amplitudeAt = (stretches: readonly Float32Array[], hz: number): number => {
  let sum = 0;
  for (const stretch of stretches) {
    let [real, imaginary] = [0, 0];
    for (const [n, value] of stretch.entries()) {
      const taper = 1 - Math.cos((2 * Math.PI * n) / stretch.length);
      const angle = (2 * Math.PI * hz * n) / MACHINE_SAMPLE_RATE_HZ;
      real += taper * value * Math.cos(angle);
      imaginary += taper * value * Math.sin(angle);
    }
    sum += (2 * Math.hypot(real, imaginary)) / stretch.length;
  }
  return sum / stretches.length;
};

/** Mean amplitude over a band, in steps of 12.5 Hz. */
const bandAround = (stretches: readonly Float32Array[], hz: number): number => {
  let sum = 0;
  for (let step = -6; step <= 6; step++) sum += amplitudeAt(stretches, hz + step * 12.5) / 13;
  return sum;
};

const before = record({ seed: 11, drift: null, seconds: 30 });
const after = record({ seed: 11, drift: DRIFTED, seconds: 30 });
const [normal, imbalance, outer, inner] = MACHINE_LABELS.map((_, state) => stretchesOf(before, state));

machine('the same seed gives the same samples, another seed others, and drift changes nothing before it begins', () => {
  const again = record({ seed: 11, drift: { beginMs: 30_000, endMs: 31_000 }, seconds: 30 });
  assert.equal(again.values, before.values);
  assert.not.equal(record({ seed: 12, drift: null, seconds: 1 }).values, before.values.subarray(0, 12_800));
});

machine('every state comes once a round and stays one to three seconds', () => {
  const visits: { state: number; rows: number }[] = [];
  for (const state of before.states) {
    if (visits.at(-1)?.state === state) visits.at(-1)!.rows++;
    else visits.push({ state, rows: 1 });
  }
  for (const { rows } of visits.slice(0, -1)) {
    const seconds = rows / MACHINE_SAMPLE_RATE_HZ;
    // Two rounds may meet in the same state: then its two stays look like one.
    assert.ok(seconds >= 1 && seconds <= 6, `${seconds} s`);
  }
  const firstRound = new Set(visits.slice(0, MACHINE_LABELS.length).map(({ state }) => state));
  assert.is(firstRound.size, MACHINE_LABELS.length);
});

machine('imbalance shows at the speed of the shaft', () => {
  const [sick, healthy] = [amplitudeAt(imbalance!, 29.5), amplitudeAt(normal!, 29.5)];
  assert.ok(sick > 2 * healthy, `${sick} g against ${healthy} g`);
});

machine('a damaged race rings its own mode: the housing below, the ring above', () => {
  for (const [hz, sick, other] of [[1_500, outer!, inner!] as const, [2_350, inner!, outer!] as const]) {
    const [own, healthy, strange] = [sick, normal!, other].map((stretches) => bandAround(stretches, hz));
    assert.ok(own! > 2 * healthy!, `${hz} Hz: ${own} against ${healthy} when healthy`);
    assert.ok(own! > 1.5 * strange!, `${hz} Hz: ${own} against ${strange} of the other race`);
  }
});

machine('the strikes of an outer race come at BPFO: the spectrum around its mode is a comb of that spacing', () => {
  // 9 rollers, d/D = 0.2, 29.5 Hz: 106.2 Hz. Correlating the squared signal finds the rate of its bursts.
  const bursts = outer!.map((stretch) => stretch.map((value) => value * value));
  const at = amplitudeAt(bursts, 106.2);
  const beside = (amplitudeAt(bursts, 80) + amplitudeAt(bursts, 131)) / 2;
  assert.ok(at > 2 * beside, `${at} at 106.2 Hz, ${beside} beside it`);
});

machine('the drift moves the modes down, adds an offset and slows the shaft', () => {
  const drifted = stretchesOf(after, 3);
  assert.ok(bandAround(drifted, 2_350) < 0.7 * bandAround(inner!, 2_350));
  const mean = (stretches: readonly Float32Array[]): number =>
    stretches.flatMap((stretch) => [...stretch]).reduce((sum, value, _, all) => sum + value / all.length, 0);
  assert.ok(Math.abs(mean(drifted) - mean(inner!) - 0.05) < 0.02, `${mean(drifted)} after ${mean(inner!)}`);
  const slow = stretchesOf(after, 1);
  assert.ok(amplitudeAt(slow, 28) > amplitudeAt(slow, 35));
  assert.ok(after.values.every((value) => Math.abs(value) < 20));
});

machine.run();
