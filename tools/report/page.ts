import { createHash } from 'node:crypto';
import { defaultLearningOptions } from '../../kernels/learning/options.ts';
import type { PlayedReplay } from '../replay/replay.ts';
import { bestBaselines } from '../replay/report.ts';
import { library, libraryStyle, script, style } from './assets.ts';
import type { Chart } from './chart-data.ts';
import { type Html, html, jsonBlock } from './html.ts';
import { nodeSection } from './node-section.ts';
import { nodesTable, sizesTable, summaryTable, summaryWords } from './summary.ts';
import { table } from './table.ts';

/** Nodes with curves, points of all curves together, and rows of tables: together below 2 MB, whatever is played. */
const NODES_MAX = 200;
const NODE_ROWS_MAX = 1_000;
const POINTS_MAX = 9_000;
const NODE_POINTS_MAX = 200;
const SEGMENT_ROWS_MAX = 2_000;
/** Up to so many nodes are shown open. */
const OPEN_MAX = 2;

/** Points of each curve of a node, an even number, for a page with so many nodes. */
export const curvePointsFor = (nodes: number): number => {
  const share = Math.floor(POINTS_MAX / Math.min(nodes, NODES_MAX));
  return 2 * Math.floor(Math.min(NODE_POINTS_MAX, share) / 2);
};

/** Facts for the page's table of options, in its order. */
export type Fact = readonly [name: string, value: string];

/**
 * One self-contained page about a finished replay that has kept curves. Everything is readable without scripts, as
 * tables; curves are drawn by uPlot, which the page carries. A policy in the page forbids it any network.
 */
export const replayPage = ({ report, nodes }: PlayedReplay, title: string, facts: readonly Fact[]): string => {
  const charts: Chart[] = [];
  const shown = nodes.slice(0, NODES_MAX);
  const best = new Set(Object.values(bestBaselines(nodes)).map(({ at }) => at));
  const segmentsMax = Math.max(4, Math.floor(SEGMENT_ROWS_MAX / shown.length));
  const sections = shown.map((node, at) =>
    nodeSection(node, {
      ...{ at, open: nodes.length <= OPEN_MAX, baselines: best, segmentsMax, charts },
      episodes: node.drifts.episodes,
    }),
  );
  const learning = Object.entries(defaultLearningOptions).map(
    ([name, value]): Fact => [`learning.${name}`, `${value}`],
  );
  const body = html`<main><h1>${title}</h1>
${summaryWords(report)}
<h2 id="summary">Summary</h2>
${summaryTable(report)}
<h2 id="nodes">Nodes</h2>
${nodesTable(report, NODE_ROWS_MAX)}
<h2 id="curves">Curves, segments and drift</h2>
<p>Each point is the mean over a stretch of windows. Thin lines mark where a segment begins, shaded stretches an episode
of drift. Drag over a curve to look closer, double-click to go back.</p>
<noscript><p>The curves need JavaScript; the tables below say the same by segment.</p></noscript>
${sections}
${nodes.length > shown.length ? html`<p>The curves of ${nodes.length - shown.length} more nodes are left out.</p>` : ''}
<h2 id="adapters">Adapters and memory</h2>
${sizesTable(nodes[0]!)}
<h2 id="options">Options</h2>
${table('As this replay was run', ['option', 'value'], [...facts, ...learning])}
</main>
<footer>Curves by uPlot (MIT licence, © Leon Sorokin).</footer>`;
  return pageOf(title, body, { charts });
};

const pageOf = (title: string, body: Html, data: { readonly charts: readonly Chart[] }): string => {
  const styles = `${libraryStyle}\n${style}`;
  const scripts = [library, script];
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.map(hashOf).join(' ')}`,
    // uPlot places its parts by style attributes.
    "style-src 'unsafe-inline'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${title}</title><style>${{ html: styles }}</style></head>
<body>${body}
<script type="application/json" id="data">${jsonBlock(data)}</script>
${scripts.map(
  (text) => html`<script>${{ html: text }}</script>
`,
)}</body></html>
`;
  return page.html;
};

/** A source of the page's policy: this very text may run and no other (CSP level 3, §6.6.2.3). */
const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
