import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  update(done: number, total: number): void;
  /** Leaves the bar as it stands and gives the line back; may be called twice. */
  stop(): void;
}

/** A progress bar on a terminal; nothing at all where the stream is a file or a pipe. */
export function showProgress(stream: NodeJS.WriteStream): Progress {
  if (!stream.isTTY) return { update: () => {}, stop: () => {} };
  const format = 'training {bar} {percentage} % | {eta_formatted} left';
  // Cursor and line wrapping stay as they are: Ctrl-C ends the process without a chance to restore them.
  const options = { format, stream, hideCursor: false, linewrap: true, clearOnComplete: true };
  const bar = new SingleBar(options, Presets.shades_classic);
  const update = (done: number, total: number): void => {
    if (!bar.isActive) bar.start(total, done);
    else bar.update(done);
  };
  return { update, stop: () => bar.stop() };
}
