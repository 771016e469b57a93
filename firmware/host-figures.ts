/** What the sensor of kind `host` can read; shares are 0 to 1. */
export const HOST_FIGURES = [
  /** Processes that run or wait, mean over 1, 5 and 15 minutes (proc_loadavg(5)). */
  'load1',
  'load5',
  'load15',
  /** Share of the time since the reading before that all CPUs together were busy, or idle waiting for a disk. */
  'cpu',
  'iowait',
  /** Share of memory and of swap that is not available. */
  'memory',
  'swap',
  /** The hottest sensor, °C. */
  'temperature',
  /** Share of a file system that is used, as `df` counts it. */
  'disk',
  /** Bytes a second through all interfaces but the loopback, since the reading before. */
  'networkIn',
  'networkOut',
] as const;
export type HostFigure = (typeof HOST_FIGURES)[number];

/** Figures found in one reading of a file. A figure that the text does not hold is left out. */
export type Figures = Partial<Record<HostFigure, number>>;

export const loadFigures = (loadavg: string): Figures => {
  const [load1, load5, load15] = loadavg.split(' ', 3).map(Number);
  return finite({ load1, load5, load15 });
};

/** `MemAvailable` rather than what is free: caches are given back (proc_meminfo(5)). */
export const memoryFigures = (meminfo: string): Figures => {
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(meminfo)?.[1]);
  const used = (total: number, left: number): number => (total === 0 ? 0 : 1 - left / total);
  return finite({
    memory: used(kilobytes('MemTotal'), kilobytes('MemAvailable')),
    swap: used(kilobytes('SwapTotal'), kilobytes('SwapFree')),
  });
};

/** Ticks since boot, which only differences make sense of. */
export interface CpuTicks {
  readonly total: number;
  readonly idle: number;
  readonly iowait: number;
}

/** The `cpu` line: user nice system idle iowait irq softirq steal; guest time is in user already (proc_stat(5)). */
export const cpuTicks = (stat: string): CpuTicks | null => {
  const ticks = /^cpu +(.*)$/m.exec(stat)?.[1]?.split(' ', 8).map(Number);
  if (ticks === undefined || ticks.length < 5 || !ticks.every(Number.isFinite)) return null;
  const [, , , idle = 0, iowait = 0] = ticks;
  return { total: ticks.reduce((sum, count) => sum + count, 0), idle, iowait };
};

/** Nothing when no tick has passed, or the counters went back: iowait may (proc_stat(5)). */
export const cpuFigures = (before: CpuTicks, after: CpuTicks): Figures => {
  const total = after.total - before.total;
  const share = (from: number, to: number): number => Math.min(1, Math.max(0, (to - from) / total));
  if (total <= 0) return {};
  const iowait = share(before.iowait, after.iowait);
  return { cpu: Math.max(0, 1 - share(before.idle, after.idle) - iowait), iowait };
};

export interface NetworkBytes {
  readonly received: number;
  readonly sent: number;
}

/** `/proc/net/dev`: the name, then bytes received first and bytes sent ninth (proc_pid_net(5)). */
export const networkBytes = (dev: string): NetworkBytes => {
  let [received, sent] = [0, 0];
  for (const [, name, counts] of dev.matchAll(/^\s*([^\s:]+):\s*(.*)$/gm)) {
    if (name === 'lo') continue;
    const numbers = counts!.split(/\s+/).map(Number);
    received += numbers[0] ?? 0;
    sent += numbers[8] ?? 0;
  }
  return { received, sent };
};

/** Nothing when the counters went back: an interface came or went. */
export const networkFigures = (before: NetworkBytes, after: NetworkBytes, elapsedMs: number): Figures => {
  const [received, sent] = [after.received - before.received, after.sent - before.sent];
  if (received < 0 || sent < 0 || elapsedMs <= 0) return {};
  return { networkIn: (received * 1_000) / elapsedMs, networkOut: (sent * 1_000) / elapsedMs };
};

const finite = (figures: Record<string, number | undefined>): Figures =>
  Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)));
