/** As much of a JSON Schema as ours have. */
export interface SchemaNode {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly SchemaNode[];
  readonly items?: SchemaNode;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
}

/** A configuration is no deeper; a schema that refers to itself would be endless. */
const DEPTH_MAX = 8;

/** The alternatives of a union and of unions within it; a schema that is none is its own only alternative. */
export const alternativesOf = (node: SchemaNode): readonly SchemaNode[] =>
  node.anyOf === undefined ? [node] : node.anyOf.flatMap(alternativesOf);

/** Says whether some alternative takes this JSON type: `string`, `number` (also for integers), `boolean`, … */
export const takes = (alternatives: readonly SchemaNode[], type: string): boolean =>
  alternatives.some((node) => {
    const values = node.enum ?? ('const' in node ? [node.const] : null);
    if (values !== null) return values.some((value) => typeof value === type);
    return node.type === type || (node.type === 'integer' && type === 'number');
  });

/** Every path that a schema has, with the schemas of what lies there; elements of a list are called `0`. */
export const pathsOf = (
  node: SchemaNode,
  path: readonly string[] = [],
): { path: readonly string[]; alternatives: readonly SchemaNode[] }[] => {
  if (path.length > DEPTH_MAX) return [];
  const alternatives = alternativesOf(node);
  const below = new Map<string, SchemaNode[]>();
  for (const alternative of alternatives) {
    const { properties = {}, items } = alternative;
    for (const [key, inner] of Object.entries(items === undefined ? properties : { 0: items })) {
      below.set(key, [...(below.get(key) ?? []), inner]);
    }
  }
  const inner = [...below].flatMap(([key, nodes]) => pathsOf({ anyOf: nodes }, [...path, key]));
  return path.length === 0 ? inner : [{ path, alternatives }, ...inner];
};
