import type { RunFlags } from './cli.ts';
import { openDisplay } from './cli-display.ts';
import { type RunSettings, resolveSettings } from './cli-settings.ts';
import { removeDirectory } from './io/files.ts';
import { startNode } from './node.ts';
import type { RunningNode } from './running-node.ts';

/** From a signal, or the end of the time given, to the end of the process, come what may. */
const STOP_MS_MAX = 5_000;

/** `myrmex run`: starts a gateway, shows how it fares, and ends it in order. */
export const run = async (flags: RunFlags, version: string): Promise<void> => {
  const stopping = waitForStop(flags.duration);
  const settings = await resolveSettings(flags, process.env);
  try {
    await live(settings, { version, json: flags.json === true, stopping });
  } finally {
    if (settings.temporary) await removeDirectory(settings.state);
  }
};

const live = async (
  settings: RunSettings,
  { version, json, stopping }: { version: string; json: boolean; stopping: Promise<void> },
): Promise<void> => {
  const display = await openDisplay(json);
  if (settings.temporary) {
    display.notice(`what is learned lies in ${settings.state} and ends with this run (--state DIR keeps it)`);
  }
  let node: RunningNode | null = null;
  try {
    node = await startNode({ ...settings, version, notice: display.notice });
    display.follow(node);
    await Promise.race([node.done, stopping]);
    display.summary(await node.stop());
  } catch (error) {
    const end = await node?.stop();
    if (end !== undefined && end.windows > 0) display.summary(end);
    throw error;
  } finally {
    display.close();
  }
};

/**
 * Resolves at SIGINT, SIGTERM, when nobody reads standard output any more, or after the duration. Whatever the process
 * is doing then, also if it has not even started yet, it is gone soon after.
 */
const waitForStop = (durationMs: number | undefined): Promise<void> =>
  new Promise((resolve) => {
    const stop = (): void => {
      setTimeout(cutOff, STOP_MS_MAX).unref();
      resolve();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    process.stdout.once('error', stop);
    if (durationMs !== undefined) setTimeout(stop, durationMs).unref();
  });

const cutOff = (): void => {
  process.stderr.write('myrmex: the node did not end in time and was cut off\n');
  process.exit(1);
};
