/** Which labels `replay` reveals; apart from its code so that the command line need not load it. */
export const labelPolicies = ['random', 'asked'] as const;
export type LabelPolicy = (typeof labelPolicies)[number];
