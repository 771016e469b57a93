import { type Entry, type Group, type Rule, type Type, typeInParentheses } from './grammar.ts';
import { type CborValue, readCbor } from './value.ts';

/** Says whether bytes are what a rule describes. */
export function matchesRule(rules: ReadonlyMap<string, Rule>, name: string, bytes: Uint8Array): boolean {
  return new Matcher(rules).type(readCbor(bytes), { kind: 'name', name, args: [] }, new Map());
}

/** A generic parameter's argument, with the scope that it was written in. */
type Scope = ReadonlyMap<string, { readonly type: Type; readonly scope: Scope }>;

/** RFC 8610, appendix D, as far as it is used; a rule of the same name goes first. */
const PRELUDE: Readonly<Record<string, (value: CborValue) => boolean>> = {
  any: () => true,
  uint: (value) => value.type === 'integer' && value.value >= 0n,
  int: (value) => value.type === 'integer',
  bytes: (value) => value.type === 'bytes',
  text: (value) => value.type === 'text',
  bool: (value) => value.type === 'simple' && (value.value === 20 || value.value === 21),
  false: (value) => value.type === 'simple' && value.value === 20,
  true: (value) => value.type === 'simple' && value.value === 21,
  null: (value) => value.type === 'simple' && value.value === 22,
  float: (value) => value.type === 'float',
  float16: (value) => value.type === 'float' && value.bits === 16,
  float32: (value) => value.type === 'float' && value.bits === 32,
  float64: (value) => value.type === 'float' && value.bits === 64,
};

type Pair = readonly [CborValue, CborValue];

class Matcher {
  private readonly rules: ReadonlyMap<string, Rule>;

  constructor(rules: ReadonlyMap<string, Rule>) {
    this.rules = rules;
  }

  type(value: CborValue, type: Type, scope: Scope): boolean {
    switch (type.kind) {
      case 'choice':
        return type.of.some((one) => this.type(value, one, scope));
      case 'integer':
        return value.type === 'integer' && value.value === type.value;
      case 'text':
        return value.type === 'text' && value.value === type.value;
      case 'range':
        return value.type === 'integer' && value.value >= type.from && value.value <= type.to;
      case 'tag':
        return value.type === 'tag' && value.tag === type.tag && this.type(value.item, type.of, scope);
      case 'array':
        return value.type === 'array' && this.sequences(value.items, type.group, scope).includes(value.items.length);
      case 'map':
        return value.type === 'map' && type.group.some((choice) => this.rest(value.pairs, choice, scope)?.length === 0);
      case 'group':
        return this.type(value, typeInParentheses(type), scope);
      case 'control':
        return this.type(value, type.of, scope) && this.control(value, type.operator, type.by, scope);
      case 'name':
        return this.named(value, type.name, type.args, scope);
    }
  }

  private named(value: CborValue, name: string, args: readonly Type[], scope: Scope): boolean {
    const argument = scope.get(name);
    if (argument !== undefined) return this.type(value, argument.type, argument.scope);
    const rule = this.rules.get(name);
    if (rule !== undefined) return this.type(value, rule.type, scopeOf(rule, args, scope));
    const known = PRELUDE[name];
    if (known === undefined) throw new Error(`no rule is called ${name}`);
    return known(value);
  }

  private control(value: CborValue, operator: string, by: Type, scope: Scope): boolean {
    if (operator === '.cbor' && value.type === 'bytes') return this.type(readCbor(value.value), by, scope);
    if (operator === '.le' && value.type === 'integer' && by.kind === 'integer') return value.value <= by.value;
    if (operator === '.regexp' && value.type === 'text' && by.kind === 'text') {
      return new RegExp(`^(?:${by.value})$`, 'u').test(value.value);
    }
    if (operator === '.size') {
      const size = value.type === 'bytes' ? value.value.length : value.type === 'text' ? value.utf8Bytes : null;
      if (size !== null) return this.type({ type: 'integer', value: BigInt(size) }, by, scope);
    }
    throw new Error(`${operator} of ${value.type} is not read here`);
  }

  /** How many items from the beginning each way to read a group takes; entries take all they can (§3.2: greedy). */
  private sequences(items: readonly CborValue[], group: Group, scope: Scope): number[] {
    return group.flatMap((choice) => {
      let at = 0;
      for (const { min, max, of } of choice) {
        let count = 0;
        while (count < max && at < items.length) {
          const taken = this.taken(items.slice(at), of, scope);
          if (taken === 0) break;
          at += taken;
          count += 1;
        }
        if (count < min) return [];
      }
      return [at];
    });
  }

  /** Items that one entry takes: one, or as many as the group that it stands for. */
  private taken(items: readonly CborValue[], of: Type, scope: Scope): number {
    const found = this.groupOf(of, scope);
    if (found !== null) return this.sequences(items, found.group, found.scope)[0] ?? 0;
    return this.type(items[0]!, of, scope) ? 1 : 0;
  }

  /** The pairs that a sequence of entries leaves; null when one of them is not satisfied. */
  private rest(pairs: readonly Pair[], entries: readonly Entry[], scope: Scope): readonly Pair[] | null {
    let left = pairs;
    for (const { min, max, key, of } of entries) {
      const found = key === null ? this.groupOf(of, scope) : null;
      if (found !== null) {
        const ways = found.group.map((choice) => this.rest(left, choice, found.scope));
        const way = ways.find((one) => one !== null);
        if (way === undefined || way === null) {
          if (min > 0) return null;
        } else left = way;
        continue;
      }
      if (key === null) throw new Error('an entry of a map has no key');
      const matched = left.filter(([name, value]) => this.type(name, key, scope) && this.type(value, of, scope));
      if (matched.length < min || matched.length > max) return null;
      left = left.filter((pair) => !matched.includes(pair));
    }
    return left;
  }

  /** The group that a name or parentheses stand for; null when they stand for a type. */
  private groupOf(type: Type, scope: Scope): { readonly group: Group; readonly scope: Scope } | null {
    if (type.kind === 'group') return { group: type.group, scope };
    if (type.kind !== 'name') return null;
    const argument = scope.get(type.name);
    if (argument !== undefined) return this.groupOf(argument.type, argument.scope);
    const rule = this.rules.get(type.name);
    return rule?.type.kind === 'group' ? { group: rule.type.group, scope: scopeOf(rule, type.args, scope) } : null;
  }
}

function scopeOf({ name, parameters }: Rule, args: readonly Type[], scope: Scope): Scope {
  if (parameters.length !== args.length) throw new Error(`${name} takes ${parameters.length} arguments`);
  return new Map(parameters.map((parameter, at) => [parameter, { type: args[at]!, scope }]));
}
