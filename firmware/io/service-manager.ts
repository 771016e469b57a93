import { execFile } from 'node:child_process';
import { errorCode, errorMessage } from '../errors.ts';
import type { Notice } from '../log.ts';

/** Longer than this, and the sign of life after it would be late. */
const SEND_MS_MAX = 5_000;

/** The service manager that started this process: systemd, or what speaks its protocol. */
export interface ServiceManager {
  /** After which a silent service is killed; null when nobody watches. */
  readonly watchdogMs: number | null;
  /** Sends assignments of sd_notify(3); resolves when they are on their way or could not be sent. */
  tell(assignments: readonly string[]): Promise<void>;
}

/**
 * The manager behind `NOTIFY_SOCKET`, null when there is none. The socket takes datagrams, which Node cannot send over
 * AF_UNIX; systemd brings a program for that, and it is started once per message (5 ms, measured; 1.5 of
 * them on this thread). The unit
 * has to say `NotifyAccess=all`, as the message comes from a process below the main one.
 */
export const openServiceManager = (
  environment: Readonly<Record<string, string | undefined>>,
  notice: Notice,
): ServiceManager | null => {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = environment;
  if (NOTIFY_SOCKET === undefined || NOTIFY_SOCKET === '') return null;
  const watched = WATCHDOG_PID === undefined || WATCHDOG_PID === `${process.pid}`;
  const watchdogMs = Number(WATCHDOG_USEC ?? 0) / 1_000;
  return {
    watchdogMs: watched && watchdogMs > 0 ? watchdogMs : null,
    tell: (assignments) =>
      new Promise((resolve) => {
        execFile('systemd-notify', [...assignments], { env: environment, timeout: SEND_MS_MAX }, (error) => {
          if (error !== null) notice(`the service manager cannot be told anything: ${explained(error)}`, 'warn');
          resolve();
        });
      }),
  };
};

const explained = (error: Error): string =>
  errorCode(error) === 'ENOENT'
    ? 'systemd-notify is not in PATH; install systemd, or make the unit Type=simple without WatchdogSec'
    : errorMessage(error).replace(/\s*\n\s*/g, '; ');
