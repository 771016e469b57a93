import { cos } from '../kernels/math/cos.ts';
import { createRandom } from '../kernels/random.ts';

/**
 * A pump as its control room sees it, one row a minute: eight sensors that follow a load of the day and of
 * chance, and the temperature outside. A source of recordings with a known truth for what adapts without labels;
 * pure and seeded. Four chapters, which are the recording's segments:
 *
 * - `factory`: as on the day of training, nothing wrong;
 * - `stable`: the same with sudden faults (of 20 to 60 rows, in one row of twenty);
 * - `wear`: a bearing wears slowly: vibration, its temperature and the current rise in a straight line. The first tenth
 *   of it counts as normal;
 * - `drift`: the bearing is new; with sudden faults, while the zero of the pressure sensor and the gain of the flow
 *   meter wander off in a straight line.
 */
export const PUMP_CHANNELS = [
  'flow_m3h',
  'pressure_bar',
  'current_a',
  'speed_rpm',
  'bearing_c',
  'motor_c',
  'vibration_mms',
  'valve_pct',
] as const;
export const PUMP_SEGMENTS = ['factory', 'stable', 'wear', 'drift'] as const;
export type PumpSegment = (typeof PUMP_SEGMENTS)[number];
export const PUMP_INTERVAL_MS = 60_000;

export interface PumpRow {
  readonly segment: PumpSegment;
  readonly label: 'normal' | 'blockage' | 'leak' | 'cavitation' | 'wear';
  /** [PUMP_CHANNELS] */
  readonly values: readonly number[];
}

export interface PumpOptions {
  readonly seed: number;
  /** Rows of each chapter. */
  readonly rows: number;
}

const TURN = 6.283185307179586;
const DAY_ROWS = 1_440;
/** Share of rows in a sudden fault. */
const FAULTY = 0.05;
const SUDDEN = ['blockage', 'leak', 'cavitation'] as const;
const WORN_FROM = 0.1;

/** All rows in order of time. */
export function* simulatePump({ seed, rows }: PumpOptions): Generator<PumpRow> {
  const noise = createRandom(seed, 'pump/noise');
  const course = createRandom(seed, 'pump/course');
  const faults = createRandom(seed, 'pump/faults');
  let wander = 0;
  let heat = 0;
  let fault: PumpRow['label'] = 'normal';
  let faultEnds = 0;
  for (let at = 0; at < PUMP_SEGMENTS.length * rows; at++) {
    const segment = PUMP_SEGMENTS[Math.floor(at / rows)]!;
    const through = (at % rows) / rows;
    wander = 0.995 * wander + 0.02 * course.normal();
    const load = 0.65 + 0.2 * cos((TURN * at) / DAY_ROWS) + wander;
    heat = 0.99 * heat + 0.01 * load;
    if (at >= faultEnds) fault = 'normal';
    if (fault === 'normal' && segment !== 'factory' && segment !== 'wear' && faults.float() < FAULTY / 40) {
      fault = SUDDEN[faults.integer(SUDDEN.length)]!;
      faultEnds = at + 20 + faults.integer(41);
    }
    const drift = segment === 'drift' ? through : 0;
    const wear = segment === 'wear' ? through : 0;
    const around = 15 + 6 * cos((TURN * at) / DAY_ROWS - 1.2);
    const values = sense({ load, heat, around, fault, wear, drift, normal: () => noise.normal() });
    yield { segment, label: wear > WORN_FROM ? 'wear' : fault, values };
  }
}

interface Moment {
  readonly load: number;
  readonly heat: number;
  readonly around: number;
  readonly fault: PumpRow['label'];
  /** 0 new to 1 worn out; 0 as installed to 1 as far off as the sensors come. */
  readonly wear: number;
  readonly drift: number;
  readonly normal: () => number;
}

function sense({ load, heat, around, fault, wear, drift, normal }: Moment): number[] {
  const blocked = fault === 'blockage' ? 1 : 0;
  const leaking = fault === 'leak' ? 1 : 0;
  const boiling = fault === 'cavitation' ? 1 : 0;
  const flow = 120 * load * (1 - 0.18 * blocked - 0.1 * boiling) + 9 * leaking;
  const pressure = 6.2 - 2.4 * load * load + 0.75 * blocked - 0.7 * leaking - 0.3 * boiling;
  const current = 18 + 30 * load - 4 * blocked + 3 * leaking + 3 * wear;
  return [
    flow * (1 - 0.18 * drift) + 1.2 * normal(),
    pressure + 0.9 * drift + 0.05 * normal(),
    current + 0.5 * normal(),
    1_400 + 90 * load + 4 * normal(),
    around + 18 + 30 * heat + 10 * wear + 0.8 * normal(),
    around + 22 + 45 * heat + 2 * wear + 0.8 * normal(),
    1.1 + 1.6 * load + 1.3 * boiling + 1.5 * wear + 0.12 * normal(),
    20 + 70 * load + 6 * blocked + 1.5 * normal(),
  ];
}
