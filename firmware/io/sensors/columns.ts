import { NodeError } from '../../errors.ts';

/** Names shown in a message before it says how many there are. */
const SHOWN_MAX = 8;

/**
 * Where each channel of a sensor belongs in a row that the model takes: by name, in any order.
 *
 * @param source what to call the sensor in a message
 * @throws NodeError `sensorMismatch` naming both lists when they are not the same channels
 */
export const columnsOf = (channels: readonly string[], wanted: readonly string[], source: string): number[] => {
  const columns = channels.map((name) => wanted.indexOf(name));
  const same = channels.length === wanted.length && new Set(columns).size === columns.length && !columns.includes(-1);
  if (same) return columns;
  const message = `${source} has the channels ${listed(channels)}; the model was made for ${listed(wanted)}`;
  const missing = wanted.filter((name) => !channels.includes(name));
  const hint = missing.length === 0 ? '' : ` (missing: ${listed(missing)})`;
  throw new NodeError('sensorMismatch', `${message}${hint}: choose the model of this sensor, or name its channels so`);
};

const listed = (names: readonly string[]): string =>
  `${names.slice(0, SHOWN_MAX).join(', ')}${names.length > SHOWN_MAX ? `, … (${names.length})` : ''}`;
