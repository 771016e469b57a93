import type { Admission, Defence, DefenceName } from './defence.ts';
import { squaredDistance } from './distance.ts';
import { type EdgeWeightOptions, EdgeWeights } from './edge-weights.ts';
import { HarmScale, type HarmScaleOptions } from './harm-scale.ts';
import type { HarmTestOptions } from './harm-test.ts';
import { type Conduct, type ReputationOptions, scoreOf } from './reputation.ts';
import { type KeptStanding, type Standing, Standings } from './standings.ts';
import { TypicalDistance } from './typical-distance.ts';
import { valueFault } from './value-fault.ts';

export interface TrustOptions {
  /** Distinct peers that distances are compared with, and admissions after which one no longer counts. */
  readonly peers: number;
  readonly ageMax: number;
  /** Peers whose conduct is remembered; the one heard longest ago is forgotten. */
  readonly remembered: number;
  /** Weight of the newest contribution in `agreement`, > 0 and <= 1. */
  readonly agreementRate: number;
  /** Share of the refusals that a good contribution leaves. */
  readonly refusalsKeep: number;
  readonly reputation: ReputationOptions;
  readonly harmScale: HarmScaleOptions;
  readonly harmTest: HarmTestOptions;
  readonly edges: EdgeWeightOptions;
}

/** Mean log-loss of parameters on the node's own labelled windows, nats; changes nothing. */
export type Judge = (values: Float64Array) => number;

/**
 * A rule, and what a node has learned about who speaks. A peer with the score ρ counts for ρ of its weight and the
 * receiver's own value for the rest:
 *
 *     v'' = x + ρ (v' − x)
 *
 * which is what scaling Δw by ρ does, but keeps the weights of the mesh together: their sum is conserved. A quarantined
 * peer's values are kept out of the rule's memory too; they are still judged, so that it can come back.
 */
export class TrustingDefence implements Defence {
  readonly name: DefenceName;
  latest: Admission = 'asSaid';
  private readonly typical: TypicalDistance;
  private readonly scale: HarmScale;
  private readonly edges: EdgeWeights;
  private readonly standings: Standings;
  private out = new Float64Array(0);
  private zeros = new Float64Array(0);

  constructor(
    private readonly rule: Defence,
    private readonly judge: Judge | null,
    private readonly options: TrustOptions,
  ) {
    this.name = rule.name;
    this.typical = new TypicalDistance(options.peers, options.ageMax);
    this.scale = new HarmScale(options.harmScale);
    this.edges = new EdgeWeights(options.edges);
    this.standings = new Standings(options.remembered, options.harmTest);
  }

  admit(own: Float64Array, peer: string, value: Float64Array): Float64Array {
    const standing = this.standings.of(peer);
    if (this.out.length !== own.length) this.out = new Float64Array(own.length);
    if (valueFault(value) !== null) {
      standing.refusals += 1;
      return this.keep(own, 'refused');
    }
    const wasQuarantined = standing.test.quarantined;
    const harmful = this.weigh(standing, own, peer, value);
    if (standing.test.quarantined) {
      if (!wasQuarantined) this.rule.forget(peer);
      return this.keep(own, 'quarantined');
    }
    const { reputation } = this.options;
    const score = harmful ? reputation.scoreMin : scoreOf(this.conductOf(peer), reputation);
    const admitted = this.rule.admit(own, peer, value);
    this.latest = this.rule.latest;
    for (let d = 0; d < own.length; d++) this.out[d] = own[d]! + score * (admitted[d]! - own[d]!);
    return this.out;
  }

  /**
   * What a newcomer, which knows nobody, takes over in place of the first value it is given: the value, unless it is
   * unsound or far worse on the own windows than no learning at all.
   */
  welcome(own: Float64Array, peer: string, value: Float64Array): Float64Array {
    const standing = this.standings.of(peer);
    if (this.out.length !== own.length) this.out = new Float64Array(own.length);
    if (valueFault(value) !== null) {
      standing.refusals += 1;
      return this.keep(own, 'refused');
    }
    if (this.weigh(standing, own, peer, value)) return this.keep(own, 'refused');
    return this.keep(value, 'asSaid');
  }

  /** A message of this peer was refused for a fault of its own: a body that does not decode, a forged weight. */
  charge(peer: string): void {
    this.standings.of(peer).refusals += 1;
  }

  /** This much new weight was pushed to a peer, acknowledged or not. */
  gave(peer: string, weight: number): void {
    this.edges.sent(peer, weight);
  }

  /** How much of a weight Δw > 0 that a peer claims is counted, 0 to Δw. */
  counted(peer: string, weight: number): number {
    return this.edges.counted(peer, weight);
  }

  /** What is known of a peer; one never heard of has a clean record. */
  conductOf(peer: string): Conduct {
    return this.standings.conductOf(peer);
  }

  /** Peers in quarantine. */
  quarantined(): string[] {
    return this.standings.quarantined();
  }

  /** What is to be known of peers after a restart; distances are learned anew. */
  save(): readonly KeptStanding[] {
    return this.standings.save();
  }

  /** @param kept what `save` gave, checked against its schema */
  restore(kept: readonly KeptStanding[]): void {
    this.standings.restore(kept);
  }

  /** The peer has left the mesh: its values no longer count, its conduct is remembered in case it comes back. */
  forget(peer: string): void {
    this.rule.forget(peer);
    this.typical.forget(peer);
    this.scale.forget(peer);
    this.edges.forget(peer);
  }

  private keep(values: Float64Array, why: Admission): Float64Array {
    this.latest = why;
    this.out.set(values);
    return this.out;
  }

  /** Takes a contribution into the peer's record; says whether it is harmful. */
  private weigh(standing: Standing, own: Float64Array, peer: string, value: Float64Array): boolean {
    const distance = Math.sqrt(squaredDistance(own, value));
    const usual = this.typical.exceptOf(peer);
    let near = distance <= usual ? 1 : usual / distance;
    let harmful: boolean | null = false;
    if (this.judge !== null) {
      if (this.zeros.length !== own.length) this.zeros = new Float64Array(own.length);
      const losses = { value: this.judge(value), own: this.judge(own), zeros: this.judge(this.zeros) };
      harmful = this.scale.harmful(peer, losses);
      if (harmful !== null) standing.test.observe(harmful);
      // Who does as well as I do on my own windows is no stranger, however far away.
      if (losses.value <= losses.own) near = 1;
    }
    // What hurts is no measure of how far apart honest nodes are.
    if (harmful !== true) this.typical.heard(peer, distance);
    standing.agreement += this.options.agreementRate * (near - standing.agreement);
    standing.refusals *= this.options.refusalsKeep;
    return harmful === true;
  }
}
