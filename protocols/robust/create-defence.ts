import { Clip } from './clip.ts';
import type { Defence, DefenceName } from './defence.ts';
import { KRUM, MULTI_KRUM } from './krum.ts';
import { NeighbourhoodDefence, type NeighbourhoodRule } from './neighbourhood.ts';
import { createNoDefence } from './no-defence.ts';
import { ROBUST } from './settings.ts';
import { MEDIAN, TRIMMED_MEAN } from './trimmed-mean.ts';
import { type Judge, TrustingDefence } from './trusting.ts';

/**
 * A fresh defence for one vector of one node: a rule with reputation, and with quarantine if there is a judge.
 *
 * @param judge see `SharedParameters.judge`; null where there are no labelled windows of one's own
 */
export function createDefence(name: Exclude<DefenceName, 'none'>, judge?: Judge | null): TrustingDefence;
export function createDefence(name: DefenceName, judge?: Judge | null): Defence;
export function createDefence(name: DefenceName, judge: Judge | null = null): Defence {
  return name === 'none' ? createNoDefence() : new TrustingDefence(createRule(name), judge, ROBUST.trust);
}

/** The rule alone, as its paper has it. */
export function createRule(name: Exclude<DefenceName, 'none'>): Defence {
  return name === 'clip' ? new Clip(ROBUST.clip) : new NeighbourhoodDefence(RULES[name], ROBUST.neighbourhood);
}

const RULES: Readonly<Record<Exclude<DefenceName, 'none' | 'clip'>, NeighbourhoodRule>> = {
  median: MEDIAN,
  trimmedMean: TRIMMED_MEAN,
  krum: KRUM,
  multiKrum: MULTI_KRUM,
};
