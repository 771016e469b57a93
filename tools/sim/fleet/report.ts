/** What `myrmex run --json` prints last, as far as it is summed up here. */
export interface NodeSummary {
  readonly node: string;
  readonly windows: number;
  readonly scored: number;
  readonly labels: number;
  readonly experts: Readonly<
    Record<string, { readonly accuracy: number | null; readonly secondHalf: number | null; readonly weight: number }>
  >;
  readonly counters: Readonly<Record<string, number>>;
  readonly latencyUs: { readonly p50: number; readonly p99: number };
  readonly decisionFingerprint: string | null;
}

export interface FleetExpert {
  readonly accuracy: number;
  readonly secondHalf: number;
  readonly worstNode: number;
  readonly worstDelta: number;
}

/** The object that `sim fleet --json` prints last: as `replay --json`, with what only a wire knows. */
export interface FleetReport {
  readonly windows: number;
  readonly labels: number;
  readonly seed: number;
  readonly experts: Readonly<Record<string, FleetExpert>>;
  readonly adapterParameters: number;
  /** MQTT packets of the mesh, counted by a listener at the broker. */
  readonly bytesPerNode: number;
  readonly messagesPerNode: number;
  readonly messageBytesMax: number;
  readonly broker: string;
  readonly elapsedMs: number;
  readonly nodes: readonly FleetNode[];
}

export interface FleetNode {
  readonly node: string;
  readonly windows: number;
  readonly labels: number;
  readonly bytesSent: number;
  readonly [figure: string]: number | string | null;
}

/** Windows count alike, wherever they come from. */
export const summariseFleet = (
  summaries: readonly NodeSummary[],
  wire: (node: string) => { readonly messages: number; readonly bytes: number },
  about: Pick<FleetReport, 'seed' | 'adapterParameters' | 'messageBytesMax' | 'broker' | 'elapsedMs'>,
): FleetReport => {
  const scored = summaries.filter((summary) => summary.scored > 0);
  const windows = scored.reduce((sum, summary) => sum + summary.scored, 0);
  const mean = (of: (summary: NodeSummary) => number): number =>
    round(scored.reduce((sum, summary) => sum + of(summary) * summary.scored, 0) / Math.max(1, windows));
  const names = Object.keys(summaries[0]?.experts ?? {});
  const expert = (name: string): FleetExpert => {
    const right = (summary: NodeSummary): number => summary.experts[name]?.accuracy ?? 0;
    const frozen = (summary: NodeSummary): number => summary.experts.frozen?.accuracy ?? 0;
    return {
      accuracy: mean(right),
      secondHalf: mean((summary) => summary.experts[name]?.secondHalf ?? 0),
      worstNode: round(Math.min(...scored.map(right))),
      worstDelta: round(Math.min(...scored.map((summary) => right(summary) - frozen(summary)))),
    };
  };
  const perNode = (of: (node: string) => number): number =>
    Math.round(summaries.reduce((sum, { node }) => sum + of(node), 0) / Math.max(1, summaries.length));
  return {
    windows: summaries.reduce((sum, summary) => sum + summary.windows, 0),
    labels: summaries.reduce((sum, summary) => sum + summary.labels, 0),
    experts: scored.length === 0 ? {} : Object.fromEntries(names.map((name) => [name, expert(name)])),
    bytesPerNode: perNode((node) => wire(node).bytes),
    messagesPerNode: perNode((node) => wire(node).messages),
    ...about,
    nodes: summaries.map((summary) => ({
      ...{ node: summary.node, windows: summary.windows, labels: summary.labels, bytesSent: wire(summary.node).bytes },
      ...Object.fromEntries(names.map((name) => [name, round(summary.experts[name]?.accuracy ?? 0)])),
      ...{ meshCycles: summary.counters.meshCycles ?? 0, latencyUsP99: summary.latencyUs.p99 },
      decisionFingerprint: summary.decisionFingerprint,
    })),
  };
};

const round = (share: number): number => Number(share.toFixed(6));
