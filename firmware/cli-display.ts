import { LiveBlock } from './io/live-block.ts';
import type { NodeEnd, RunningNode } from './running-node.ts';
import type { NodeStatus } from './status.ts';
import { liveView, summaryView } from './status-view.ts';

const LINES_MS = 1_000;
const VIEW_MS = 250;

/** What a person or a program sees of a run. */
export interface Display {
  /** Shows one line of the log, on standard error. */
  line(text: string): void;
  /** Shows how the node fares until `summary`. */
  follow(node: RunningNode): void;
  summary(end: NodeEnd): void;
  close(): void;
}

/** A live view in a terminal; elsewhere JSON lines, one a second. @param json one object as the last line */
export const openDisplay = (json: boolean): Display => {
  const terminal = json ? process.stderr : process.stdout;
  return terminal.isTTY ? liveDisplay(terminal, json) : lineDisplay(json);
};

const printJson = (value: object): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`);
};

const liveDisplay = (terminal: NodeJS.WriteStream, json: boolean): Display => {
  const view = new LiveBlock(terminal);
  let timer: NodeJS.Timeout | undefined;
  const rate = createRate();
  return {
    line: (text) => view.persist(text),
    follow: (node) => {
      const show = (): void => {
        const status = node.status();
        view.show(liveView(status, rate(status), node.url));
      };
      show();
      timer = setInterval(show, VIEW_MS);
    },
    summary: (end) => {
      clearInterval(timer);
      view.clear();
      terminal.write(`${summaryView(end)}\n`);
      if (json) printJson(end);
    },
    close: () => {
      clearInterval(timer);
      view.clear();
    },
  };
};

const writeLine = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const lineDisplay = (json: boolean): Display => {
  let timer: NodeJS.Timeout | undefined;
  return {
    line: writeLine,
    follow: (node) => {
      timer = setInterval(() => printJson({ kind: 'status', ...node.status() }), LINES_MS);
    },
    summary: (end) => {
      clearInterval(timer);
      // Only a person reads a table; a journal or a collector of JSON lines has the log.
      if (!json && process.stderr.isTTY) process.stderr.write(`${summaryView(end)}\n`);
      printJson({ kind: 'summary', ...end });
    },
    close: () => clearInterval(timer),
  };
};

/** Windows per second since the last call. */
const createRate = (): ((status: NodeStatus) => number) => {
  let [windows, ms] = [0, 0];
  return (status) => {
    const rate = ((status.windows - windows) * 1_000) / Math.max(1, status.uptimeMs - ms);
    windows = status.windows;
    ms = status.uptimeMs;
    return rate;
  };
};
