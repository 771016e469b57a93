import { type ArenaRequest, planArena } from './arena.ts';
import { ModelError } from './errors.ts';
import type { Homes } from './interpreter-homes.ts';
import { type ActivationReport, reportActivations } from './memory-report.ts';
import type { BoundAddresses, Placement } from './ops/operator.ts';

export interface ArenaOptions {
  readonly homes: Homes;
  /** By operator: bytes of the scratch blocks it asked for. */
  readonly scratchBytes: readonly (readonly number[])[];
  /** Operators whose scratch keeps its values until the next invoke. */
  readonly kept: ReadonlySet<number>;
  /** Addresses of constants that are read at run time. */
  readonly constants: ReadonlyMap<number, number>;
  readonly allocate: (bytes: number) => number;
}

/** Where every activation tensor and scratch block lies in the engine's memory. */
export interface ArenaLayout {
  readonly activations: ActivationReport;
  readonly homes: Homes;
  /** Address of a home's first byte. */
  home(index: number): number;
  /** Address of a dense tensor. */
  tensor(index: number): number;
  /** The view of operator `operator` on the layout. */
  addressesOf(operator: number): BoundAddresses;
}

/** Plans one arena over the lives of all homes and scratch blocks and takes it from the engine. */
export function layOut({ homes, scratchBytes, kept, constants, allocate }: ArenaOptions): ArenaLayout {
  const end = scratchBytes.length;
  const requests: ArenaRequest[] = [...homes.homes];
  const firstScratch = scratchBytes.map((blocks, at) => {
    const first = requests.length;
    for (const bytes of blocks) requests.push({ bytes, first: at, last: kept.has(at) ? end : at });
    return first;
  });
  const plan = planArena(requests);
  const base = allocate(plan.bytes);
  const home = (index: number): number => base + plan.offsets[index]!;
  const tensor = (index: number): number => {
    const constant = constants.get(index);
    if (constant !== undefined) return constant;
    const at = homes.primary[index]!;
    if (at < 0) throw new ModelError('unsupportedModel', `tensor ${index} is a constant where a value is computed`);
    return home(at);
  };
  const placement = (at: number): Placement => {
    const { layout } = homes.homes[at]!;
    return { address: home(at) + (layout?.originBytes ?? 0), layout };
  };
  return {
    activations: reportActivations(requests, homes.homes.length, plan.bytes),
    homes,
    home,
    tensor,
    addressesOf: (operator) => ({
      tensor,
      wide: (index) => placement(homes.demanded(operator, index)),
      output: (index) => placement(homes.primary[index]!),
      scratch: (handle) => home(firstScratch[operator]! + handle),
    }),
  };
}
