const WORD = 4;
/** Slots of the schema: `Model.subgraphs`, `SubGraph.outputs` (schema v3a). */
const SUBGRAPHS = 2;
const OUTPUTS = 2;

/**
 * The same file with other outputs of its only subgraph: their list is written behind everything else, and the subgraph
 * points there. A flatbuffer's offsets go forward, and nothing says that one part follows another.
 *
 * @param bytes of a model that was read, so its offsets are sound and it has a list of outputs. Left as they are
 * @param outputs tensor indices
 */
export function withOutputs(bytes: Uint8Array, outputs: readonly number[]): Uint8Array {
  const end = Math.ceil(bytes.length / WORD) * WORD;
  const file = new Uint8Array(end + WORD * (1 + outputs.length));
  file.set(bytes);
  const view = new DataView(file.buffer);
  const follow = (place: number): number => place + view.getUint32(place, true);
  const field = (table: number, slot: number): number =>
    table + view.getUint16(table - view.getInt32(table, true) + WORD + 2 * slot, true);
  const subgraphs = follow(field(follow(0), SUBGRAPHS));
  const place = field(follow(subgraphs + WORD), OUTPUTS);
  view.setUint32(place, end - place, true);
  view.setUint32(end, outputs.length, true);
  for (const [i, tensor] of outputs.entries()) view.setInt32(end + WORD * (1 + i), tensor, true);
  return file;
}
