/** A piece of a page: text that has been escaped, and tags that are ours. */
export interface Html {
  readonly html: string;
}

type Piece = string | number | Html | readonly Piece[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Text of others for an element's content or a quoted attribute: nothing in it is markup, and control characters,
 * among them those that turn the direction of writing, become visible.
 */
export const escapeHtml = (text: string): string =>
  text.replace(/\p{C}/gu, '\uFFFD').replace(/[&<>"']/g, (character) => ENTITIES[character]!);

const render = (piece: Piece): string => {
  if (typeof piece === 'string') return escapeHtml(piece);
  if (typeof piece === 'number') return `${piece}`;
  return 'html' in piece ? piece.html : piece.map(render).join('');
};

/** Every value put into the template is escaped, unless it is a piece made by this function. */
export const html = (template: TemplateStringsArray, ...pieces: readonly Piece[]): Html => ({
  html: template.map((text, at) => (at < pieces.length ? text + render(pieces[at]!) : text)).join(''),
});

/** JSON for a data block (`<script type="application/json">`): no text in it can end the block or begin a comment. */
export const jsonBlock = (value: unknown): Html => ({ html: JSON.stringify(value).replaceAll('<', '\\u003c') });
