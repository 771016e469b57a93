import { visible } from '../watch/print-decision.ts';
import type { Inspection, SignatureReport } from './inspect-message.ts';

/** Of a byte string, on a page for people. */
const BYTES_SHOWN = 16;

/** One JSON object on a line; byte strings are hexadecimal text. */
export function inspectionJson(inspection: Inspection): string {
  return JSON.stringify(inspection, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  );
}

/**
 * For a person: what it is, who says so, and its body, one field a line. Names come over the network: whatever could
 * drive the terminal is shown as `·`.
 */
export function printInspection({
  bytes,
  spelling,
  signature,
  message,
  currentVersion,
  problem,
}: Inspection): readonly string[] {
  const lines = [
    row('bytes', `${bytes}${spelling === 'binary' ? '' : ` (given as ${spelling})`}`),
    row('signature', signature === null ? 'none' : signatureLine(signature)),
  ];
  if (message !== null) {
    const age = currentVersion === null || currentVersion === message.version ? '' : ` (current: ${currentVersion})`;
    lines.push(
      row('kind', `${message.kind}, version ${message.version}${age}`),
      row('sender', message.sender),
      row('epoch', `${message.epoch}, sequence ${message.sequence}`),
      row('time', `${timeOf(message.time)} (as the sender believes)`),
      'body',
      ...treeOf(message.body, 1),
    );
  }
  if (problem !== null) lines.push(row('refused', `${problem.reason}: ${problem.explanation}`));
  return lines.map(visible);
}

function row(name: string, value: string): string {
  return `${name.padEnd(10)} ${value}`;
}

function signatureLine({ kid, state, keyFile }: SignatureReport): string {
  const said = {
    holds: `holds (key ${keyFile})`,
    broken: `DOES NOT HOLD (key ${keyFile})`,
    unknownKey: 'by a key that is not in the folder',
    unchecked: 'not checked (--keys FOLDER does)',
  }[state];
  return `${said}, kid ${kid}`;
}

/** Beyond year 275760 there is no Date. */
function timeOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}

/** Every value under its name, indented by its depth, which the limits of a message bound. */
function treeOf(value: unknown, depth: number): string[] {
  const indent = '  '.repeat(depth);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [indent + scalar(value)];
  const entries = Object.entries(value);
  if (entries.length === 0) return [`${indent}(empty)`];
  return entries.flatMap(([name, member]) => {
    const isBranch = typeof member === 'object' && member !== null && !(member instanceof Uint8Array);
    return isBranch ? [indent + name, ...treeOf(member, depth + 1)] : [`${indent}${name}: ${scalar(member)}`];
  });
}

function scalar(value: unknown): string {
  if (!(value instanceof Uint8Array)) return typeof value === 'string' ? value : JSON.stringify(value);
  const shown = Buffer.from(value.subarray(0, BYTES_SHOWN)).toString('hex');
  return `${value.length} bytes ${shown}${value.length > BYTES_SHOWN ? '…' : ''}`;
}
