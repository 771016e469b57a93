import { visible } from '../watch/print-decision.ts';
import type { FleetRecord, Issued } from './fleet-folder.ts';
import type { Heard } from './gather.ts';

/** One line of `fleet list`; the JSON of `--json`. Null is what nobody has said. */
export interface ListedMember {
  readonly name: string;
  /** `absent`: it has never said anything at this broker; null when no broker was asked. */
  readonly state: 'online' | 'offline' | 'absent' | null;
  /** `stranger`: it is at the broker and not in the record of the fleet; null when there is no record. */
  readonly enrolment: 'enrolled' | 'revoked' | 'stranger' | null;
  /** What the nodes make of the enrolment at the broker: `proven`, or why not; null when it has published none. */
  readonly proof: string | null;
  readonly roles: readonly string[];
  readonly serial: number | null;
  /** Of the software. */
  readonly version: string | null;
  readonly board: string | null;
  readonly model: { readonly name: string; readonly hash: string } | null;
  /** The expert beside the frozen one that counts most in the mixture, and which adapter of its pool is in use. */
  readonly adapter: { readonly expert: string; readonly weight: number; readonly number: number | null } | null;
  /** Running accuracy of the mixture over the windows whose truth is known. */
  readonly accuracy: number | null;
}

/** Of the member's last enrolment, the certificates of brokers left out; names in order. */
export const listMembers = (
  record: FleetRecord | null,
  heard: ReadonlyMap<string, Heard> | null,
  proofs: ReadonlyMap<string, string> | null,
): readonly ListedMember[] => {
  const issued = new Map<string, Issued>();
  for (const each of record?.issued ?? []) if (each.kid !== null) issued.set(each.name, each);
  const names = [...new Set([...issued.keys(), ...(heard?.keys() ?? [])])].sort();
  return names.map((name) => {
    const enrolment = issued.get(name);
    return {
      name,
      state: heard === null ? null : (heard.get(name)?.presence?.state ?? 'absent'),
      enrolment: record === null ? null : enrolmentOf(enrolment),
      proof: proofs?.get(name) ?? null,
      roles: enrolment?.roles ?? [],
      serial: enrolment?.serial ?? null,
      ...saidBy(heard?.get(name)),
    };
  });
};

const enrolmentOf = (issued: Issued | undefined): ListedMember['enrolment'] => {
  if (issued === undefined) return 'stranger';
  return issued.revoked ? 'revoked' : 'enrolled';
};

const saidBy = ({ presence, telemetry }: Heard = { presence: null, telemetry: null }) => {
  const { model } = presence ?? {};
  const [heaviest] = Object.entries(telemetry?.experts ?? {})
    .filter(([expert]) => expert !== 'frozen')
    .sort(([, a], [, b]) => b.weight - a.weight);
  const number = telemetry?.counters.adapter ?? null;
  return {
    version: presence?.version ?? null,
    board: presence?.board ?? null,
    model: model === undefined ? null : { name: model.name, hash: model.hash },
    adapter: heaviest === undefined ? null : { expert: heaviest[0], weight: heaviest[1].weight, number },
    accuracy: telemetry?.accuracy ?? null,
  };
};

/** A table for a person. */
export const printMembers = (members: readonly ListedMember[]): string => {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const rows = members.map(({ name, state, enrolment, version, model, adapter, accuracy }) => [
    name,
    state ?? '-',
    enrolment ?? '-',
    version ?? '-',
    model === null ? '-' : `${model.name} ${model.hash.slice(0, 8)}`,
    adapter === null ? '-' : `${adapter.expert} ${adapter.weight.toFixed(2)}`,
    accuracy === null ? '-' : percent(accuracy),
  ]);
  const table = [['NAME', 'STATE', 'ENROLMENT', 'VERSION', 'MODEL', 'ADAPTER', 'RIGHT'], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => [...row[column]!].length)));
  return table
    .map((row) =>
      visible(
        row
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join('  ')
          .trimEnd(),
      ),
    )
    .join('\n');
};
