/** Baselines that `replay` offers; apart from their code so that the command line need not load it. */
export const baselineNames = ['repeatLast', 'full', 'fedavg'] as const;
export type BaselineName = (typeof baselineNames)[number];
