import type { RunFlags } from './cli.ts';
import { type Display, openDisplay } from './cli-display.ts';
import { type RunSettings, resolveSettings } from './cli-settings.ts';
import { listenForStop, type StopRequest } from './cli-stop.ts';
import { keepCodeSmall } from './code-memory.ts';
import { errorCode, errorMessage } from './errors.ts';
import { systemClock } from './io/clock.ts';
import { removeDirectory } from './io/files.ts';
import { createLog, formatOfStderr } from './io/log.ts';
import { openServiceManager } from './io/service-manager.ts';
import type { Notice } from './log.ts';
import { startNode } from './node.ts';
import { pause } from './pause.ts';
import type { NodeEnd } from './running-node.ts';
import { reportToService } from './service.ts';

/** What may still be under way when a stop comes before the start is complete; nothing learned is at stake then. */
const HALF_STARTED_MS_MAX = 2_000;

/** `myrmex run`: starts a gateway, shows how it fares, and ends it in order. Failures are logged: exit code 1. */
export const run = async (flags: RunFlags, version: string): Promise<void> => {
  const display = openDisplay(flags.json === true);
  // Until the configuration says otherwise.
  let notice = logTo(display, flags.logLevel === undefined ? {} : { level: flags.logLevel });
  const stop = listenForStop(flags.duration, (text, level, fields) => notice(text, level, fields));
  try {
    const settings = await resolveSettings(flags, process.env);
    notice = logTo(display, settings.configuration.log);
    try {
      await live(settings, { version, display, notice, stop });
    } finally {
      if (settings.temporary) await removeDirectory(settings.state);
    }
  } catch (error) {
    const code = errorCode(error);
    notice(errorMessage(error), 'error', code === '' ? {} : { code });
    process.exitCode = 1;
  } finally {
    display.close();
    stop.over();
  }
};

const logTo = (
  display: Display,
  { level = 'info', format = 'auto' }: RunSettings['configuration']['log'] = {},
): Notice => createLog({ level, format: formatOfStderr(format), clock: systemClock(), write: display.line });

interface Surroundings {
  readonly version: string;
  readonly display: Display;
  readonly notice: Notice;
  readonly stop: StopRequest;
}

const live = async (settings: RunSettings, { version, display, notice, stop }: Surroundings): Promise<void> => {
  if (settings.temporary) {
    notice(`what is learned lies in ${settings.state} and ends with this run (--state DIR keeps it)`);
  }
  const starting = startNode({ ...settings, version, notice });
  const node = await Promise.race([starting, stop.asked.then(() => null)]);
  if (node === null) {
    notice('stopped before it had started');
    const undo = starting.then((started) => started.stop()).catch(() => {});
    await Promise.race([undo, pause(HALF_STARTED_MS_MAX)]);
    return;
  }
  const service = reportToService(openServiceManager(process.env, notice), node);
  const endKeeping = keepCodeSmall(systemClock());
  try {
    display.follow(node);
    await Promise.race([node.done, stop.asked]);
    await service.stopping();
    const end = await node.stop();
    display.summary(end);
    notice(`stopped after ${end.windows} windows and ${end.labels} labels`);
  } catch (error) {
    await service.stopping();
    const end: NodeEnd = await node.stop();
    if (end.windows > 0) display.summary(end);
    throw error;
  } finally {
    endKeeping();
  }
};
