/**
 * As much of CDDL (RFC 8610) as protocols/cddl uses: rules, groups, choices, ranges, occurrence, generics, .size and
 * .regexp, over values as the codec decodes them. No package that reads CDDL checks CBOR by it.
 */
type Type =
  | { readonly kind: 'choice'; readonly of: readonly Type[] }
  | { readonly kind: 'literal'; readonly value: string | number }
  | { readonly kind: 'range'; readonly low: number; readonly high: number }
  | { readonly kind: 'name'; readonly name: string; readonly args: readonly Type[] }
  | { readonly kind: 'map' | 'array'; readonly group: Group }
  | { readonly kind: 'control'; readonly of: Type; readonly operator: string; readonly by: Type }
  | { readonly kind: 'bound'; readonly type: Type; readonly names: Names };
type Entry =
  | { readonly min: number; readonly max: number; readonly key: Type | null; readonly type: Type }
  | { readonly min: number; readonly max: number; readonly group: Group };
type Group = readonly Entry[];
type Names = ReadonlyMap<string, Type>;
interface Rule {
  readonly parameters: readonly string[];
  readonly is: { readonly type: Type } | { readonly group: Group };
}

const TOKEN =
  /\s+|;[^\n]*|("(?:[^"\\]|\\.)*"|\d+(?:\.\d+)?|\.\.|\.[a-z]+|=>|[a-zA-Z_$@](?:[\w$@-]*[\w$@])?|[=/:,{}[\]()<>?*+])/gy;

const PRELUDE: Readonly<Record<string, (value: unknown) => boolean>> = {
  any: () => true,
  uint: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  int: Number.isSafeInteger,
  float: Number.isFinite,
  float16: Number.isFinite,
  float32: Number.isFinite,
  float64: Number.isFinite,
  text: (value) => typeof value === 'string',
  bytes: (value) => value instanceof Uint8Array,
  bool: (value) => typeof value === 'boolean',
  null: (value) => value === null,
};

class Parser {
  private at = 0;
  private readonly tokens: readonly string[];

  constructor(source: string) {
    const found = [...source.matchAll(TOKEN)];
    const end = found.reduce((sum, [whole]) => sum + whole.length, 0);
    if (end !== source.length) throw new Error(`CDDL: cannot read ${source.slice(end, end + 40)}`);
    this.tokens = found.flatMap(([, token]) => token ?? []);
  }

  rules(): Map<string, Rule> {
    const rules = new Map<string, Rule>();
    while (this.at < this.tokens.length) {
      const name = this.next();
      const parameters = this.names();
      this.expect('=');
      if (rules.has(name)) throw new Error(`CDDL: ${name} is defined twice`);
      const is = this.take('(') ? { group: this.group(')') } : { type: this.type() };
      rules.set(name, { parameters, is });
    }
    return rules;
  }

  private names(): string[] {
    const names: string[] = [];
    if (this.take('<')) while (!this.take('>')) if (!this.take(',')) names.push(this.next());
    return names;
  }

  private type(): Type {
    const of = [this.controlled()];
    while (this.take('/')) of.push(this.controlled());
    return of.length === 1 ? of[0]! : { kind: 'choice', of };
  }

  private controlled(): Type {
    const of = this.single();
    if (this.take('..')) return { kind: 'range', low: numberOf(of), high: numberOf(this.single()) };
    if (!/^\.[a-z]/.test(this.peek() ?? '')) return of;
    return { kind: 'control', operator: this.next(), of, by: this.single() };
  }

  private single(): Type {
    const token = this.next();
    if (token.startsWith('"')) return { kind: 'literal', value: token.slice(1, -1) };
    if (/^\d/.test(token)) return { kind: 'literal', value: Number(token) };
    if (token === '{') return { kind: 'map', group: this.group('}') };
    if (token === '[') return { kind: 'array', group: this.group(']') };
    if (token === '(') {
      const type = this.type();
      this.expect(')');
      return type;
    }
    const args: Type[] = [];
    if (this.take('<')) while (!this.take('>')) if (!this.take(',')) args.push(this.type());
    return { kind: 'name', name: token, args };
  }

  private group(end: string): Group {
    const entries: Entry[] = [];
    while (!this.take(end)) {
      if (this.take(',')) continue;
      const { min, max } = this.occurrence();
      if (this.take('(')) entries.push({ min, max, group: this.group(')') });
      else entries.push({ min, max, ...this.member() });
    }
    return entries;
  }

  private member(): { key: Type | null; type: Type } {
    if (this.tokens[this.at + 1] === ':') {
      const key: Type = { kind: 'literal', value: this.next().replaceAll('"', '') };
      this.expect(':');
      return { key, type: this.type() };
    }
    const type = this.type();
    return this.take('=>') ? { key: type, type: this.type() } : { key: null, type };
  }

  private occurrence(): { min: number; max: number } {
    if (this.take('?')) return { min: 0, max: 1 };
    if (this.take('+')) return { min: 1, max: Infinity };
    const counted = /^\d+$/.test(this.peek() ?? '') && this.tokens[this.at + 1] === '*';
    const min = counted ? Number(this.next()) : 0;
    if (!this.take('*')) return { min: 1, max: 1 };
    return { min, max: /^\d+$/.test(this.peek() ?? '') ? Number(this.next()) : Infinity };
  }

  private peek(): string | undefined {
    return this.tokens[this.at];
  }

  private next(): string {
    const token = this.tokens[this.at++];
    if (token === undefined) throw new Error('CDDL: ends too early');
    return token;
  }

  private take(token: string): boolean {
    if (this.tokens[this.at] !== token) return false;
    this.at++;
    return true;
  }

  private expect(token: string): void {
    if (!this.take(token)) throw new Error(`CDDL: ${token} expected before ${this.tokens.slice(this.at).join(' ')}`);
  }
}

/** @throws Error when the text is no CDDL of this kind, or names a rule that is not there */
export function parseCddl(source: string): {
  readonly names: readonly string[];
  matches(rule: string, value: unknown): boolean;
} {
  const rules = new Parser(source).rules();
  const matcher = new Matcher(rules);
  return { names: [...rules.keys()], matches: (rule, value) => matcher.named(rule, [], value, new Map()) };
}

class Matcher {
  constructor(private readonly rules: ReadonlyMap<string, Rule>) {}

  named(name: string, args: readonly Type[], value: unknown, names: Names): boolean {
    const bound = names.get(name);
    if (bound !== undefined) return this.type(bound, value, names);
    const rule = this.rules.get(name);
    if (rule === undefined) {
      const known = PRELUDE[name];
      if (known === undefined) throw new Error(`CDDL: nothing is called ${name}`);
      return known(value);
    }
    if (!('type' in rule.is)) throw new Error(`CDDL: ${name} is a group`);
    const inner = rule.parameters.map((parameter, i): [string, Type] => [
      parameter,
      { kind: 'bound', type: args[i]!, names },
    ]);
    return this.type(rule.is.type, value, new Map(inner));
  }

  private type(type: Type, value: unknown, names: Names): boolean {
    switch (type.kind) {
      case 'choice':
        return type.of.some((each) => this.type(each, value, names));
      case 'literal':
        return value === type.value;
      case 'range':
        return Number.isInteger(value) && (value as number) >= type.low && (value as number) <= type.high;
      case 'bound':
        return this.type(type.type, value, type.names);
      case 'name':
        return this.named(type.name, type.args, value, names);
      case 'control':
        return this.type(type.of, value, names) && this.controlled(type, value);
      case 'array':
        return Array.isArray(value) && this.sequence(this.flat(type.group), value, 0, names);
      case 'map':
        return isMap(value) && this.members(this.flat(type.group), value, names);
    }
  }

  private controlled({ operator, by }: Type & { kind: 'control' }, value: unknown): boolean {
    if (operator === '.regexp' && by.kind === 'literal') return new RegExp(`^(?:${by.value})$`).test(value as string);
    if (operator !== '.size') throw new Error(`CDDL: no operator ${operator}`);
    const size = typeof value === 'string' ? Buffer.byteLength(value) : (value as Uint8Array).length;
    return this.type(by, size, new Map());
  }

  /** Groups that stand once in another take their place in it. */
  private flat(group: Group): readonly (Entry & { type: Type; key: Type | null })[] {
    return group.flatMap((entry) => {
      if ('group' in entry) {
        if (entry.min === 1 && entry.max === 1) return this.flat(entry.group);
        // Repeated: only as whole elements of an array, one entry each.
        const [only, ...more] = this.flat(entry.group);
        if (only === undefined || more.length === 0) return this.flat(entry.group);
        const type: Type = { kind: 'array', group: entry.group };
        return [{ min: entry.min, max: entry.max, key: null, type }];
      }
      const rule = entry.key === null && entry.type.kind === 'name' ? this.rules.get(entry.type.name) : undefined;
      return rule !== undefined && 'group' in rule.is ? this.flat(rule.is.group) : [entry];
    });
  }

  private sequence(
    entries: readonly (Entry & { type: Type })[],
    values: readonly unknown[],
    at: number,
    names: Names,
  ): boolean {
    const [entry, ...rest] = entries;
    if (entry === undefined) return at === values.length;
    let count = 0;
    while (count < entry.max && at + count < values.length && this.type(entry.type, values[at + count], names)) count++;
    for (; count >= entry.min; count--) if (this.sequence(rest, values, at + count, names)) return true;
    return false;
  }

  private members(
    entries: readonly (Entry & { type: Type; key: Type | null })[],
    value: Readonly<Record<string, unknown>>,
    names: Names,
  ): boolean {
    const left = new Set(Object.keys(value));
    const literal = (key: Type | null): key is Type & { kind: 'literal' } => key?.kind === 'literal';
    // Those with a name of their own first: what they take is not for a wildcard.
    for (const { key, type, min } of entries) {
      if (!literal(key)) continue;
      if (!left.delete(`${key.value}`)) {
        if (min > 0) return false;
      } else if (!this.type(type, value[key.value], names)) return false;
    }
    for (const { key, type, min, max } of entries) {
      if (key === null || literal(key)) continue;
      const fitting = [...left].filter((name) => this.type(key, name, names) && this.type(type, value[name], names));
      if (fitting.length < min || fitting.length > max) return false;
      for (const name of fitting) left.delete(name);
    }
    return left.size === 0;
  }
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);

function numberOf(type: Type): number {
  if (type.kind !== 'literal' || typeof type.value !== 'number') throw new Error('CDDL: a range is between numbers');
  return type.value;
}
