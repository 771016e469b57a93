import { rulesOf } from '../../configuration/channels.ts';
import type { HostSensor } from '../../configuration/live-sensors.ts';
import { errorMessage } from '../../errors.ts';
import {
  type CpuTicks,
  cpuFigures,
  cpuTicks,
  type Figures,
  type HostFigure,
  loadFigures,
  memoryFigures,
  type NetworkBytes,
  networkBytes,
  networkFigures,
} from '../../host-figures.ts';
import type { ChannelRules } from '../../machines/channel-rules.ts';
import { type HostFiles, openHostFiles } from './host-files.ts';
import type { LiveSource, SourcePort } from './live-source.ts';

/** A reading takes a few milliseconds; a slow bus to a temperature sensor, some more. */
const READING_MS = 200;

/** What no healthy computer exceeds; the configuration may say otherwise. */
const RANGES: Partial<Record<HostFigure, [number, number]>> = { temperature: [-60, 150] };

/** One file, or one call, and the figures that it gives. */
interface Reading {
  readonly gives: readonly HostFigure[];
  read(atMs: number): Promise<Figures>;
}

/** This computer as a source. Each file is read on its own: a disk that hangs makes only `disk` fall silent. */
export const createHostSource = (
  { rateHz, channels, path = '/', proc = '/proc', sys = '/sys' }: HostSensor,
  files: HostFiles = openHostFiles(proc, sys, path),
): LiveSource => {
  const intervalMs = 1_000 / rateHz;
  const wanted = Array.isArray(channels) ? channels.map((read) => [read, { read }] as const) : Object.entries(channels);
  const figures = wanted.map(([, { read }]) => read);
  const rules = wanted.map(([name, { read, ...fields }]): ChannelRules => {
    const range = RANGES[read];
    return rulesOf(name, { ...(range === undefined ? {} : { range }), ...fields }, intervalMs);
  });
  return {
    name: 'host',
    channels: rules,
    delayMs: Math.min(READING_MS, intervalMs / 2),
    run: async (port, signal) => {
      const readings = readingsOf(files).filter(({ gives }) => gives.some((figure) => figures.includes(figure)));
      const readers = readings.map((reading) => createReader(reading, figures, port));
      const { time, beganMs } = port;
      for (let tick = 0; !signal.aborted; ) {
        const atMs = beganMs + tick * intervalMs;
        for (const read of readers) read(atMs);
        // The next point of the grid that is not past already.
        tick = Math.max(tick + 1, Math.ceil((time.monotonicMs() - beganMs) / intervalMs));
        await time.sleep(beganMs + tick * intervalMs - time.monotonicMs(), signal);
      }
    },
  };
};

const createReader = (reading: Reading, figures: readonly HostFigure[], port: SourcePort): ((atMs: number) => void) => {
  const channels = figures.flatMap((figure, channel) => (reading.gives.includes(figure) ? [channel] : []));
  let busy = false;
  const attempt = async (atMs: number): Promise<void> => {
    try {
      const values = await reading.read(atMs);
      for (const channel of channels) {
        const value = values[figures[channel]!];
        if (value !== undefined) port.sample(channel, value, atMs);
        port.reason(channel, '');
      }
    } catch (error) {
      for (const channel of channels) port.reason(channel, errorMessage(error));
    }
    busy = false;
  };
  return (atMs) => {
    if (busy) return;
    busy = true;
    void attempt(atMs);
  };
};

const readingsOf = (files: HostFiles): readonly Reading[] => {
  let ticks: CpuTicks | null = null;
  let bytes: (NetworkBytes & { atMs: number }) | null = null;
  return [
    { gives: ['load1', 'load5', 'load15'], read: async () => loadFigures(await files.proc('loadavg')) },
    { gives: ['memory', 'swap'], read: async () => memoryFigures(await files.proc('meminfo')) },
    { gives: ['temperature'], read: async () => ({ temperature: Math.max(...(await files.temperatures())) }) },
    { gives: ['disk'], read: async () => ({ disk: await files.diskUsed() }) },
    {
      gives: ['cpu', 'iowait'],
      read: async () => {
        const before = ticks;
        ticks = cpuTicks(await files.proc('stat'));
        return before === null || ticks === null ? {} : cpuFigures(before, ticks);
      },
    },
    {
      gives: ['networkIn', 'networkOut'],
      read: async (atMs) => {
        const before = bytes;
        bytes = { ...networkBytes(await files.proc('net/dev')), atMs };
        return before === null ? {} : networkFigures(before, bytes, atMs - before.atMs);
      },
    },
  ];
};
