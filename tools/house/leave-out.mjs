// Takes functions out of packages for the node's bundle: rollup.config.js says which, and why.

const ERROR = "throw new Error('left out of this build: see rollup.config.js')";
/** Hoisted, so that it may stand at the end and no line changes its place. */
const LEFT_OUT = `\nfunction leftOutOfThisBuild() { ${ERROR}; }\n`;

/** `package/path` of a file in node_modules; null for ours. */
const packageFile = (id) => (id.includes('/node_modules/') ? id.split('/node_modules/').at(-1) : null);

/** Every node of a syntax tree (ESTree), and what it would be called: as it is declared, assigned to or keyed. */
function* nodesOf(node, textOf, name) {
  yield { node, name: node.id?.name ?? name };
  for (const [key, child] of Object.entries(node)) {
    for (const next of Array.isArray(child) ? child : [child]) {
      if (typeof next?.type === 'string') yield* nodesOf(next, textOf, nameOfChild(node, key, textOf));
    }
  }
}

const nameOfChild = (node, key, textOf) => {
  if (node.type === 'AssignmentExpression' && key === 'right') return textOf(node.left);
  if (node.type === 'VariableDeclarator' && key === 'init') return textOf(node.id);
  if ((node.type === 'MethodDefinition' || node.type === 'Property') && key === 'value') return textOf(node.key);
  return undefined;
};

/** What decides which way is taken in this node, if it is such a node. */
const testOf = ({ type, test, left }) => {
  if (type === 'IfStatement' || type === 'ConditionalExpression') return test;
  return type === 'LogicalExpression' ? left : undefined;
};

/**
 * A rollup plugin. What is named and is not there stops the build: then a new version of the package is to be looked
 * at.
 *
 * @param parts by `package/path`: `functions` that are never called (their bodies throw), `empty` ones that are called
 *   and need do nothing, and `tests` as they are written, of which is known that they are true or false
 */
export const leaveOutParts = (parts) => ({
  name: 'leave-out-parts',
  transform(code, id) {
    const { functions = [], empty = [], tests = {} } = parts[packageFile(id)] ?? {};
    const missing = new Set([...functions, ...empty, ...Object.keys(tests)]);
    if (missing.size === 0) return null;
    const textOf = ({ start, end }) => code.slice(start, end);
    const edits = [];
    for (const { node, name } of nodesOf(this.parse(code), textOf, undefined)) {
      const body = node.body?.type === 'BlockStatement' ? node.body : undefined;
      if (body !== undefined && functions.includes(name)) edits.push([body, '{ leftOutOfThisBuild(); }', name]);
      if (body !== undefined && empty.includes(name)) edits.push([body, '{}', name]);
      const test = testOf(node);
      if (test === undefined || !Object.hasOwn(tests, textOf(test))) continue;
      edits.push([test, String(tests[textOf(test)]), textOf(test)]);
    }
    for (const [, , name] of edits) missing.delete(name);
    if (missing.size > 0) this.error(`${id} has no ${[...missing].join(', ')}`);
    return { code: edited(code, edits) + LEFT_OUT, map: null };
  },
});

/** From the last to the first, leaving out those inside of others. */
const edited = (code, edits) => {
  const outer = edits.filter(([a]) => !edits.some(([b]) => b !== a && b.start <= a.start && a.end <= b.end));
  return outer
    .sort(([a], [b]) => b.start - a.start)
    .reduce((text, [{ start, end }, put]) => text.slice(0, start) + put + text.slice(end), code);
};
