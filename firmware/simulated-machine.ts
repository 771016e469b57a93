import { cos } from '../kernels/math/cos.ts';
import { exp } from '../kernels/math/exp.ts';
import { sin } from '../kernels/math/sin.ts';
import { createRandom, type Random } from '../kernels/random.ts';

/**
 * A rotating machine on one bearing, felt by a two-axis accelerometer: the demonstration's sensor, and a source of
 * recordings with a known truth. Pure and seeded: sample n is the same on every machine.
 *
 * The model (after Randall & Antoni, "Rolling element bearing diagnostics, a tutorial", MSSP 25, 2011):
 * - shaft harmonics 1x to 3x, imbalance growing with the square of the speed;
 * - a fault on a race strikes once per passing roller, at BPFO = n/2 (1 - d/D) or BPFI = n/2 (1 + d/D) times the shaft
 *   speed with 1 % random slip; an inner-race fault moves through the load zone once per turn, which modulates it;
 * - each strike excites a damped structural mode: outer race -> housing, inner race -> shaft and ring, a higher mode;
 * - broadband noise, and a sensor with an offset.
 *
 * The drift that sets in is what a plant does to a sensor: the mounting loosens (less gain, lower and duller modes),
 * the machine warms (offset, noise), and the load grows (slower, stronger harmonics).
 */
export const MACHINE_LABELS = ['normal', 'imbalance', 'outer-race', 'inner-race'] as const;
export const MACHINE_CHANNELS = ['radial_g', 'axial_g'] as const;
export const MACHINE_SAMPLE_RATE_HZ = 6_400;

const TURN = 6.283185307179586;
const SHAFT_HZ = 29.5;
/** 9 rollers, d/D = 0.2: strikes per turn of the shaft. */
const BPFO = (9 / 2) * (1 - 0.2);
const BPFI = (9 / 2) * (1 + 0.2);
const DWELL_MS_MIN = 1_000;
const DWELL_MS_MAX = 3_000;
/** Slowly varying quantities are renewed once per block of this many samples (2.5 ms). */
const BLOCK = 16;

/** When the drift begins and when it is complete, in milliseconds of the stream; it stays complete after that. */
export interface MachineDrift {
  readonly beginMs: number;
  readonly endMs: number;
}

export interface SimulatedMachine {
  /** Writes the next sample, one value per channel in g, at out[offset..]; returns its class. Allocates nothing. */
  next(out: Float32Array, offset: number): number;
}

/** A damped mode of the structure as a two-pole recursion; strikes go in, acceleration comes out. */
interface Mode {
  tune(frequencyHz: number, damping: number): void;
  step(strike: number): number;
}

const createMode = (): Mode => {
  let [a1, a2, gain, y1, y2] = [0, 0, 0, 0, 0];
  return {
    tune(frequencyHz, damping) {
      const omega = (TURN * frequencyHz) / MACHINE_SAMPLE_RATE_HZ;
      const radius = exp(-damping * omega);
      a1 = 2 * radius * cos(omega);
      a2 = -radius * radius;
      gain = radius * sin(omega); // makes the impulse response radius^n sin(n omega)
    },
    step(strike) {
      const y = a1 * y1 + a2 * y2 + gain * strike;
      y2 = y1;
      y1 = y;
      return y;
    },
  };
};

/** What the surroundings are at one moment; every field at its factory value when `x` (0..1) is 0. */
const surroundings = (x: number) => ({
  gain: 1 - 0.26 * x,
  housingHz: 1_500 - 280 * x,
  ringHz: 2_350 - 465 * x,
  damping: 0.03 + 0.018 * x,
  offset: 0.05 * x,
  noise: 0.08 * (1 + 0.2 * x),
  shaftHz: SHAFT_HZ * (1 - 0.05 * x),
  load: 1 + 0.65 * x,
});

/** Fisher and Yates. The states come in rounds of all of them, in a new order each time. */
const shuffle = (order: Uint8Array, random: Random): void => {
  for (let last = order.length - 1; last > 0; last--) {
    const other = random.integer(last + 1);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
};

/** Creates the machine; without `drift` it stays as it was on the day of training. */
export const createSimulatedMachine = (options: { seed: number; drift: MachineDrift | null }): SimulatedMachine => {
  const { seed, drift } = options;
  const states = createRandom(seed, 'machine/states');
  const strikes = createRandom(seed, 'machine/strikes');
  const noise = createRandom(seed, 'machine/noise');
  const wander = createRandom(seed, 'machine/speed');
  const [housing, ring] = [createMode(), createMode()];
  let around = surroundings(0);
  let sample = 0;
  const round = Uint8Array.from(MACHINE_LABELS, (_, index) => index);
  let visited = 0;
  let state = 0;
  let severity = 1;
  let stateEnds = 0;
  let turns = 0;
  let strikeAt = 0;
  let speed = 1;
  let turnsPerSample = 0;

  const enterNextState = (): void => {
    if (visited % round.length === 0) shuffle(round, states);
    state = round[visited++ % round.length]!;
    severity = exp(0.15 * states.normal());
    const dwellMs = DWELL_MS_MIN + states.float() * (DWELL_MS_MAX - DWELL_MS_MIN);
    stateEnds = sample + Math.round((dwellMs * MACHINE_SAMPLE_RATE_HZ) / 1_000);
    strikeAt = turns;
  };

  const renewSurroundings = (): void => {
    const ms = (sample * 1_000) / MACHINE_SAMPLE_RATE_HZ;
    const x = drift === null ? 0 : Math.min(1, Math.max(0, (ms - drift.beginMs) / (drift.endMs - drift.beginMs)));
    around = surroundings(x);
    // A mean-reverting walk of about 0.5 %: no real machine keeps its speed.
    speed += 0.02 * (1 - speed) + 0.001 * wander.normal();
    turnsPerSample = (around.shaftHz * speed) / MACHINE_SAMPLE_RATE_HZ;
    housing.tune(around.housingHz, around.damping);
    ring.tune(around.ringHz, around.damping);
  };

  /** The force of a roller's strike at this sample, 0 between strikes. */
  const strike = (random: Random): number => {
    const perTurn = state === 2 ? BPFO : BPFI;
    if (turns < strikeAt) return 0;
    strikeAt += (1 + 0.01 * random.normal()) / perTurn;
    const loadZone = state === 2 ? 1 : 0.35 + 0.65 * Math.max(0, cos(TURN * turns));
    return severity * loadZone * exp(0.25 * random.normal());
  };

  return {
    next(out, offset) {
      if (sample >= stateEnds) enterNextState();
      if (sample % BLOCK === 0) renewSurroundings();
      turns += turnsPerSample;
      const { gain, load } = around;
      const relative = around.shaftHz / SHAFT_HZ;
      const eccentric = (state === 1 ? 0.3 * severity : 0.11) * relative * relative * load;
      const phase = TURN * (turns - Math.floor(turns));
      const shaft = eccentric * cos(phase) + load * (0.05 * cos(2 * phase + 0.7) + 0.03 * cos(3 * phase + 1.9));
      const hit = state >= 2 ? strike(strikes) : 0;
      const outer = housing.step(state === 2 ? 0.8 * hit : 0);
      const inner = ring.step(state === 3 ? 0.8 * hit : 0);
      out[offset] = gain * (shaft + outer + 0.8 * inner) + around.noise * noise.normal() + around.offset;
      const axial = 0.25 * shaft + 0.04 * load * cos(2 * phase + 2.4) + 0.35 * outer + 0.6 * inner;
      out[offset + 1] = gain * axial + around.noise * noise.normal() + 0.5 * around.offset;
      sample++;
      return state;
    },
  };
};
