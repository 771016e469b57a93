import { printable } from '../printable.ts';
import type { BenchReport } from './bench.ts';
import type { CompareReport, OutputComparison } from './compare.ts';
import type { ProfileReport } from './profile.ts';

/** `model bench` for people: a line per engine, the first one is what the others are compared with. */
export function printBench({ engines }: BenchReport): string {
  const [first] = engines;
  const lines = engines.map(({ name, p50Us, p99Us, macsPerSecond, numerics }) => {
    const ratio = first === undefined ? 1 : p50Us / first.p50Us;
    const times = `${us(p50Us)} us, p99 ${us(p99Us)} us, ${rate(macsPerSecond)}`;
    return `${name.padEnd(7)} ${times}, ${ratio.toFixed(2)} x ${first?.name} (${numerics})\n`;
  });
  return lines.join('');
}

/** `model profile` for people: a line per operator, in their order. */
export function printProfile({ engine, invokeUs, operatorsUs, operators }: ProfileReport): string {
  const lines = operators.map(({ operator, name, us: time, share, macsPerSecond }) => {
    const what = `${String(operator).padStart(3)} ${printable(name).padEnd(24)}`;
    return `${what} ${us(time)} us ${(100 * share).toFixed(1).padStart(5)} %  ${rate(macsPerSecond)}`.trimEnd();
  });
  const sum = `operators one by one ${operatorsUs} us, one inference ${invokeUs} us (${engine})`;
  return `${[...lines, '', sum].join('\n')}\n`;
}

/** `model compare` for people. */
export function printComparison(report: CompareReport): string {
  const { engines, numerics, inputs, identical, outputs } = report;
  const who = `${engines[0]} (${numerics[0]}) and ${engines[1]} (${numerics[1]})`;
  const lines = outputs.map((output, index) => outputLine(output, index, inputs));
  return `${[`${who} ${identical ? 'agree' : 'differ'} on ${inputs} inputs`, ...lines].join('\n')}\n`;
}

function outputLine(output: OutputComparison, index: number, inputs: number): string {
  const { name, elements, differing, differingInputs, largestDifference, first } = output;
  const what = `output ${index} ${printable(name)}:`;
  if (first === null) return `${what} ${inputs * elements} values, all equal`;
  const count = `${differing} of ${inputs * elements} values differ, on ${differingInputs} inputs`;
  const where = `first at input ${first.input}, value ${first.index}: ${first.values.join(' and ')}`;
  return `${what} ${count}, by ${largestDifference} at most; ${where}`;
}

function us(value: number): string {
  return value.toFixed(value < 100 ? 2 : 0).padStart(8);
}

function rate(macsPerSecond: number | null): string {
  return macsPerSecond === null ? '' : `${(macsPerSecond / 1e9).toFixed(3)} G multiply-adds/s`;
}
