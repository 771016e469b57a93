import { performance } from 'node:perf_hooks';
import { setInterval } from 'node:timers/promises';
import { errorMessage } from '../../errors.ts';
import type { Labeller } from '../../labeller.ts';
import {
  createSimulatedMachine,
  MACHINE_CHANNELS,
  MACHINE_SAMPLE_RATE_HZ,
  type MachineDrift,
} from '../../simulated-machine.ts';
import type { DecisionReport } from '../../worker/letters.ts';
import type { SampleSink, Sensor } from './sensor.ts';

/** Samples are delivered in bursts, as an analog-to-digital converter's buffer would. */
const BURST_MS = 10;
/** After a longer pause of the process the samples of the pause are lost, as a real sensor's would be. */
const CATCH_UP_MS_MAX = 1_000;

export interface SimulatedSensorOptions {
  readonly seed: number;
  readonly drift: MachineDrift | null;
  /** Model class of each of the machine's states. */
  readonly classes: readonly number[];
  /** Who answers some windows late; null when nobody does. */
  readonly labeller: Labeller | null;
  /** Says what was true about a window; resolves when the node has answered. */
  readonly label: (index: number, label: number) => Promise<void>;
  readonly notice: (text: string) => void;
}

/** Paces the simulated machine in real time, and the labels that its operator gives. */
export const createSimulatedSensor = (options: SimulatedSensorOptions): Sensor => {
  const { classes, labeller } = options;
  const machine = createSimulatedMachine(options);
  const row = new Float32Array(MACHINE_CHANNELS.length);
  let began = 0;
  let samples = 0;

  const burst = (sink: SampleSink): void => {
    const late = performance.now() - began - (samples * 1_000) / MACHINE_SAMPLE_RATE_HZ;
    if (late > CATCH_UP_MS_MAX) began += late - BURST_MS;
    const due = Math.floor(((performance.now() - began) * MACHINE_SAMPLE_RATE_HZ) / 1_000);
    for (; samples < due; samples++) {
      const state = machine.next(row, 0);
      sink.push(row, 0, (samples * 1_000) / MACHINE_SAMPLE_RATE_HZ, 0, classes[state]!);
    }
    sink.wake();
  };

  const answer = (): void => {
    for (const { index, label } of labeller?.due(performance.now()) ?? []) {
      options.label(index, label).catch((error: unknown) => options.notice(errorMessage(error)));
    }
  };

  return {
    decided: ({ index, truth }: DecisionReport) => labeller?.consider(index, truth, performance.now()),
    run: async (sink, signal) => {
      began = performance.now();
      try {
        for await (const _ of setInterval(BURST_MS, undefined, { signal })) {
          burst(sink);
          answer();
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  };
};
