import { MESH_DEFAULTS, type MeshOptions } from './mesh-options.ts';
import type { MeshReport } from './simulate-mesh.ts';

/** The report for a person. */
export function printMesh(report: MeshReport): string {
  const { spread, checks, refused } = report;
  const first = spread[0]!;
  const last = spread[spread.length - 1]!;
  const lines = [
    `${fleetOf(report)}, ${report.rounds} rounds in ${report.cycles} cycles, seed ${report.seed}`,
    `spread ${first.toPrecision(3)} -> ${last.toPrecision(3)}; error ${report.error.toPrecision(3)},` +
      ` of the mean ${report.bias.toPrecision(3)},` +
      ` ${report.errorQuanta.toFixed(2)} levels of int8; ${(100 * report.complete).toFixed(1)} % of cycles complete`,
    `mass: Σs off by ${report.sumError.toExponential(1)}, Σw by ${report.weightError.toExponential(1)};` +
      ` ${report.weightDeparted.toFixed(3)} of Σw departed`,
    `${report.messages} messages, ${report.bytesPerMessage.toFixed(0)} bytes each;` +
      ` ${report.bytesPerNodeRound.toFixed(0)} bytes a node and round`,
    `${(report.elapsedMs / 1_000).toFixed(1)} s, ${(report.cpuMs / 1_000).toFixed(1)} s of processor time`,
    ...Object.entries(refused).map(([reason, count]) => `refused ${count}: ${reason}`),
    ...Object.entries(checks).map(([name, { ok }]) => `${ok === null ? 'n/a ' : ok ? 'ok  ' : 'FAIL'} ${name}`),
  ];
  return `${lines.join('\n')}\n`;
}

function fleetOf({ nodes, sites, bridges }: MeshReport): string {
  if (sites === 1) return `${nodes} nodes`;
  return `${sites} sites of ${nodes} nodes, ${bridges} bridge${bridges === 1 ? '' : 's'} a link`;
}

/** What failed and how to see it again; null when all is well. */
export function failureOf(report: MeshReport, options: MeshOptions): string | null {
  const failed = Object.entries(report.checks).filter(([, { ok }]) => ok === false);
  if (failed.length === 0) return null;
  const found = failed.map(([name, check]) => `${name}: ${check.found[0]}`);
  return `${found.join('\n')}\nplay it again: ${commandOf(options)}\n`;
}

/** The command line of a run. */
export function commandOf(options: MeshOptions): string {
  const { latencyMs, cutMs, canary, ...plain } = options;
  const flags = Object.entries({ ...plain, latency: latencyMs[1], cut: cutMs / 1_000 });
  const usual: Record<string, unknown> = { ...MESH_DEFAULTS, latency: MESH_DEFAULTS.latencyMs[1], cut: 0 };
  const words = flags.flatMap(([name, value]) =>
    name !== 'defence' && usual[name] === value ? [] : [`--${kebab(name)} ${value}`],
  );
  return ['myrmexctl sim mesh', ...words, ...(canary === null ? [] : [`--canary ${canary}`])].join(' ');
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
