import { type Html, html } from './html.ts';

/** One cell: text, or a number that stands to the right. */
export type Cell = string | { readonly figure: string };

export const figure = (text: string): Cell => ({ figure: text });

/** A share as per cent, or a dash where there is none. */
export const percent = (share: number | null | undefined): Cell =>
  figure(share == null || Number.isNaN(share) ? '–' : `${(share * 100).toFixed(1)} %`);

/** A difference of shares in points, with its sign. */
export const points = (share: number): Cell => figure(`${share < 0 ? '−' : '+'}${Math.abs(share * 100).toFixed(1)}`);

/** A table with a caption, a head of columns, and rows whose first cell names them. */
export const table = (caption: string, head: readonly string[], rows: readonly (readonly Cell[])[]): Html => html`
<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption>
<thead><tr>${head.map((name, at) => headOf(name, rows[0]?.[at]))}</tr></thead>
<tbody>${rows.map(
  ([name = '', ...cells]) => html`<tr><th scope="row">${textOf(name)}</th>${cells.map(cellOf)}</tr>
`,
)}</tbody></table></div>`;

const headOf = (name: string, below: Cell | undefined): Html =>
  typeof below === 'object' ? html`<th scope="col" class="n">${name}</th>` : html`<th scope="col">${name}</th>`;

const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.figure);

const cellOf = (cell: Cell): Html =>
  typeof cell === 'string' ? html`<td>${cell}</td>` : html`<td class="n">${cell.figure}</td>`;
