import { readFileSync } from 'node:fs';

/**
 * What a page carries within itself. From a checkout the files are read; in the bundle rollup.config.js has put their
 * text in the place of each `textOf(…)`.
 */
const textOf = (file: URL): string => readFileSync(file, 'utf8');

/** uPlot (MIT): curves on a canvas. */
export const library = textOf(new URL('../../node_modules/uplot/dist/uPlot.iife.min.js', import.meta.url));
export const libraryStyle = textOf(new URL('../../node_modules/uplot/dist/uPlot.min.css', import.meta.url));
export const script = textOf(new URL('./page-script.mjs', import.meta.url));
export const style = textOf(new URL('./page-style.css', import.meta.url));
