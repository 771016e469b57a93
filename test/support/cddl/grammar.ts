/** The part of CDDL (RFC 8610) in which protocols/cddl is written. */
export type Type =
  /** type1 / type2 (§2.2.2) */
  | { readonly kind: 'choice'; readonly of: readonly Type[] }
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'text'; readonly value: string }
  /** A rule, a parameter or one of the prelude, with generic arguments (§3.10). */
  | { readonly kind: 'name'; readonly name: string; readonly args: readonly Type[] }
  | { readonly kind: 'array'; readonly group: Group }
  | { readonly kind: 'map'; readonly group: Group }
  /** In parentheses: a group, or a type when it has one entry without a key. */
  | { readonly kind: 'group'; readonly group: Group }
  /** #6.n(type) (§3.6) */
  | { readonly kind: 'tag'; readonly tag: bigint; readonly of: Type }
  /** a..b (§2.2.2.1) */
  | { readonly kind: 'range'; readonly from: bigint; readonly to: bigint }
  /** type .operator controller (§3.8) */
  | { readonly kind: 'control'; readonly of: Type; readonly operator: string; readonly by: Type };

/** Choices `//` of sequences of entries (§2.2.2, §3.2). */
export type Group = readonly (readonly Entry[])[];

export interface Entry {
  /** Occurrence (§3.2). */
  readonly min: number;
  readonly max: number;
  readonly key: Type | null;
  readonly of: Type;
}

export interface Rule {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly type: Type;
}

/** @throws Error that names what could not be read */
export function parseCddl(text: string): ReadonlyMap<string, Rule> {
  const parser = new Parser(tokensOf(text));
  const rules = new Map<string, Rule>();
  while (!parser.isAtEnd) {
    const rule = parser.rule();
    if (rules.has(rule.name)) throw new Error(`the rule ${rule.name} is there twice`);
    rules.set(rule.name, rule);
  }
  return rules;
}

const TOKEN = new RegExp(
  [
    String.raw`(?<space>\s+|;[^\n]*)`,
    String.raw`(?<text>"(?:[^"\\]|\\.)*")`,
    String.raw`(?<tag>#6\.\d+)`,
    String.raw`(?<number>-?\d+)`,
    String.raw`(?<control>\.[a-z][a-z0-9]*)`,
    String.raw`(?<name>[A-Za-z_@$](?:[\w@$.-]*[\w@$])?)`,
    String.raw`(?<sign>\.\.|=>|//|[/=:,?*+(){}[\]<>])`,
  ].join('|'),
  'y',
);

interface Token {
  readonly kind: string;
  readonly text: string;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined) throw new Error(`no CDDL: ${text.slice(at, at + 40)}`);
    const [kind, found] = Object.entries(groups).find(([, value]) => value !== undefined)!;
    if (kind !== 'space') tokens.push({ kind, text: found });
  }
  return tokens;
}

class Parser {
  private at = 0;
  private readonly tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.at >= this.tokens.length;
  }

  rule(): Rule {
    const name = this.expect('name');
    const parameters = this.takes('<') ? this.until('>', () => this.expect('name')) : [];
    this.must('=');
    return { name, parameters, type: this.type() };
  }

  private type(): Type {
    const of = [this.single()];
    while (this.takes('/')) of.push(this.single());
    return of.length === 1 ? of[0]! : { kind: 'choice', of };
  }

  /** One alternative, with a range or a control operator behind it. */
  private single(): Type {
    const first = this.atom();
    if (first.kind === 'integer' && this.takes('..')) {
      return { kind: 'range', from: first.value, to: BigInt(this.expect('number')) };
    }
    if (this.next?.kind !== 'control') return first;
    return { kind: 'control', of: first, operator: this.expect('control'), by: this.atomOrRange() };
  }

  private atomOrRange(): Type {
    const first = this.atom();
    if (first.kind === 'group') return typeInParentheses(first);
    if (first.kind !== 'integer' || !this.takes('..')) return first;
    return { kind: 'range', from: first.value, to: BigInt(this.expect('number')) };
  }

  private atom(): Type {
    const token = this.next;
    if (token === undefined) throw new Error('a type is missing at the end');
    this.at += 1;
    if (token.kind === 'text') return { kind: 'text', value: JSON.parse(token.text) as string };
    if (token.kind === 'number') return { kind: 'integer', value: BigInt(token.text) };
    if (token.kind === 'tag') return { kind: 'tag', tag: BigInt(token.text.slice(3)), of: this.parenthesised() };
    if (token.text === '[') return { kind: 'array', group: this.group(']') };
    if (token.text === '{') return { kind: 'map', group: this.group('}') };
    if (token.text === '(') return { kind: 'group', group: this.group(')') };
    if (token.kind !== 'name') throw new Error(`a type is missing before ${token.text}`);
    const args = this.takes('<') ? this.until('>', () => this.type()) : [];
    return { kind: 'name', name: token.text, args };
  }

  private parenthesised(): Type {
    this.must('(');
    const of = this.type();
    this.must(')');
    return of;
  }

  private group(end: string): Group {
    const choices: Entry[][] = [[]];
    while (!this.takes(end)) {
      if (this.takes('//')) choices.push([]);
      else choices.at(-1)!.push(this.entry());
      this.takes(',');
    }
    return choices;
  }

  private entry(): Entry {
    const occurrence = this.occurrence();
    const start = this.at;
    const first = this.single();
    // `name:` is the text "name"; `type =>` is any key of that type (§3.5.1).
    if (this.takes(':')) {
      const key: Type = first.kind === 'name' ? { kind: 'text', value: first.name } : first;
      return { ...occurrence, key, of: this.type() };
    }
    if (this.takes('=>')) return { ...occurrence, key: first, of: this.type() };
    this.at = start;
    return { ...occurrence, key: null, of: this.type() };
  }

  private occurrence(): { min: number; max: number } {
    if (this.takes('?')) return { min: 0, max: 1 };
    if (this.takes('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
    const isCounted = this.next?.kind === 'number' && this.tokens[this.at + 1]?.text === '*';
    if (!isCounted && this.next?.text !== '*') return { min: 1, max: 1 };
    const min = isCounted ? Number(this.expect('number')) : 0;
    this.must('*');
    // `* 5` would be any number of fives; in `0*16` nothing stands between.
    const max = isCounted && this.next?.kind === 'number' ? Number(this.expect('number')) : Number.POSITIVE_INFINITY;
    return { min, max };
  }

  private until<Item>(end: string, read: () => Item): Item[] {
    const items = [read()];
    while (this.takes(',')) items.push(read());
    this.must(end);
    return items;
  }

  private get next(): Token | undefined {
    return this.tokens[this.at];
  }

  private takes(text: string): boolean {
    if (this.next?.text !== text || this.next.kind !== 'sign') return false;
    this.at += 1;
    return true;
  }

  private must(text: string): void {
    if (!this.takes(text)) throw new Error(`${text} expected, found ${this.next?.text ?? 'the end'}`);
  }

  private expect(kind: string): string {
    const token = this.next;
    if (token?.kind !== kind) throw new Error(`a ${kind} expected, found ${token?.text ?? 'the end'}`);
    this.at += 1;
    return token.text;
  }
}

/** `(1..256)` is a type in parentheses. */
export function typeInParentheses(type: Type): Type {
  if (type.kind !== 'group') return type;
  const [entries, ...others] = type.group;
  const [entry] = entries ?? [];
  if (others.length > 0 || entries?.length !== 1 || entry?.key !== null)
    throw new Error('a group where a type belongs');
  return entry.of;
}
