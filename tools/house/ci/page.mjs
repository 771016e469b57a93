// The page of `replay --report` in a real browser.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { require, run } from './support.mjs';

const BROWSERS = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'];
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--virtual-time-budget=5000', '--dump-dom'];

/** Draws every curve of the open node, and asks nothing of a network. */
export const replayPage = () => {
  const browser = BROWSERS.find((name) => spawnSync(name, ['--version']).status === 0);
  if (browser === undefined) return { absent: `none of ${BROWSERS.join(', ')} is installed` };
  const folder = mkdtempSync(join(tmpdir(), 'myrmex-page-'));
  try {
    const [recording, page] = [join(folder, 'machine.csv'), join(folder, 'page.html')];
    run('sh', ['-c', `node --import tsx tools/make-demo-recording.ts 30 > "${recording}"`]);
    const model = 'firmware/demo/rotating-machine.tflite';
    run(process.execPath, ['dist/myrmexctl.js', 'replay', recording, '--model', model, '--report', page]);
    const text = readFileSync(page, 'utf8');
    require(!/<(link|script|img)[^>]*(src|href)=/.test(text), 'the page names something outside itself');
    const args = [...FLAGS, `--user-data-dir=${join(folder, 'profile')}`, `file://${page}`];
    // What it writes to stderr is about the desktop that is not there.
    const { stdout: dom } = spawnSync(browser, args, { encoding: 'utf8', timeout: 60_000, maxBuffer: 2 ** 26 });
    const drawn = Number(dom.match(/<html[^>]* data-drawn="(\d+)"/)?.[1] ?? 0);
    const canvases = dom.match(/<canvas/g)?.length ?? 0;
    require(drawn === 3 && canvases === 3, `${drawn} curves and ${canvases} canvases instead of 3`);
    return `${drawn} charts drawn by ${browser}, ${text.length} bytes`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
