import type { SharedParameters } from '../../firmware/pipeline.ts';
import type { Exchange } from './exchange.ts';

/** INTERIM */
export class GossipExchange implements Exchange {
  private ticks = 0;
  private readonly base: Float64Array[];
  private started: readonly number[] = [];
  bytes = 0;

  constructor(
    private readonly members: readonly SharedParameters[],
    private readonly every: number,
  ) {
    this.base = members.map(({ size }) => new Float64Array(size));
  }

  tick(present: readonly number[]): void {
    this.ticks++;
    if (this.ticks % this.every !== 0) return;
    const round = this.ticks / this.every;
    this.bytes += present.length * 500;
    const rounds = Number(process.env['ROUNDS'] ?? 6);
    if (round % rounds !== 0) return;
    const { size } = this.members[0]!;
    const now = new Float64Array(size);
    if (this.started.length > 0) {
      const who = this.started.filter((at) => present.includes(at));
      const mean = new Float64Array(size);
      for (const at of who) for (let i = 0; i < size; i++) mean[i] = mean[i]! + this.base[at]![i]! / who.length;
      for (const at of who) {
        this.members[at]!.read(now);
        for (let i = 0; i < size; i++) now[i] = now[i]! + mean[i]! - this.base[at]![i]!;
        this.members[at]!.write(now);
      }
    }
    for (const at of present) this.members[at]!.read(this.base[at]!);
    this.started = present;
  }
}
