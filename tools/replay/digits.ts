/** Six digits that count: more than any figure of a replay deserves. */
export const digits = (value: number): number => Number(value.toPrecision(6));
