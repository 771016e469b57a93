import { peerRequire } from './peer.ts';

interface SonaEngine {
  applyMicroLora(input: readonly number[]): number[];
}

interface Sona {
  readonly SonaEngine: { withConfig(config: { hiddenDim: number; microLoraRank: number }): SonaEngine };
}

/** `@ruvector/sona`: its adapter of one vector, which takes and returns plain arrays. */
export function openSona(width: number, rank: number): (input: readonly number[]) => number[] {
  const { SonaEngine } = peerRequire('@ruvector/sona') as Sona;
  const engine = SonaEngine.withConfig({ hiddenDim: width, microLoraRank: rank });
  return (input) => engine.applyMicroLora(input);
}
