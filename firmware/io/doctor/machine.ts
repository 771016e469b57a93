import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { type Budget, inMib, sumOf } from '../../budget.ts';
import { type Finding, finding } from './finding.ts';

const NODE_MAJOR_MIN = 20;
/** This software did not exist before; a clock that says so has not been set. */
const YEAR_MIN = 2_025;
const QUESTION_MS_MAX = 2_000;

/** What the doctor has to know of the machine; an argument, so that tests can be on another one. */
export interface MachineFacts {
  readonly nodeVersion: string;
  readonly unixMs: number;
  /** Null where nobody can say. */
  readonly clockSynchronised: boolean | null;
  readonly totalBytes: number;
  readonly availableBytes: number;
  /** Limit of the control group; null for none. */
  readonly limitBytes: number | null;
  readonly container: boolean;
}

export const machineFacts = async (): Promise<MachineFacts> => {
  const constrained = process.constrainedMemory();
  const total = totalmem();
  return {
    nodeVersion: process.versions.node,
    unixMs: Date.now(),
    clockSynchronised: await clockSynchronised(),
    totalBytes: total,
    availableBytes: memAvailable() ?? freemem(),
    // Without a limit the kernel gives a figure larger than any machine.
    limitBytes: constrained > 0 && constrained < total ? constrained : null,
    container: process.env.container !== undefined || ['/.dockerenv', '/run/.containerenv'].some(existsSync),
  };
};

const clockSynchronised = (): Promise<boolean | null> =>
  new Promise((resolve) => {
    const question = ['show', '--property=NTPSynchronized', '--value'];
    execFile('timedatectl', question, { timeout: QUESTION_MS_MAX }, (error, answer) => {
      resolve(error === null && /^(yes|no)\s*$/.test(answer) ? answer.startsWith('yes') : null);
    });
  });

/** What can be had without swapping (proc(5)); `free` leaves out the page cache, most of which can be had. */
const memAvailable = (): number | null => {
  try {
    const [, kib] = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8')) ?? [];
    return kib === undefined ? null : Number(kib) * 1_024;
  } catch {
    return null;
  }
};

export const examineNode = ({ nodeVersion, container }: MachineFacts): Finding[] => {
  const major = Number(nodeVersion.split('.')[0]);
  const found =
    major >= NODE_MAJOR_MIN
      ? finding('node', 'ok', `Node.js ${nodeVersion} on ${process.platform} ${process.arch}`)
      : finding('node', 'fail', `Node.js ${nodeVersion} is too old: install ${NODE_MAJOR_MIN} or newer`);
  const hint = 'in a container: the state directory and the sensors must be mounted into it, or they end with it';
  return container ? [found, finding('container', 'ok', hint)] : [found];
};

export const examineClock = ({ unixMs, clockSynchronised }: MachineFacts): Finding => {
  const now = new Date(unixMs);
  const mend = 'switch time synchronisation on (timedatectl set-ntp true), or fit a clock chip';
  if (now.getUTCFullYear() < YEAR_MIN) {
    return finding('clock', 'fail', `it says ${now.toISOString()}, and certificates will be refused: ${mend}`);
  }
  if (clockSynchronised === false) {
    return finding('clock', 'warn', `${now.toISOString()}, and nothing keeps it right: ${mend}`);
  }
  return finding('clock', 'ok', `${now.toISOString()}${clockSynchronised === true ? ', synchronised' : ''}`);
};

/** @param budget null when there is no sound configuration to reckon with */
export const examineMemory = (facts: MachineFacts, budget: Budget | null): Finding => {
  const { totalBytes, availableBytes, limitBytes } = facts;
  if (budget === null) return finding('memory', 'ok', `${inMib(availableBytes)} of ${inMib(totalBytes)} can be had`);
  const need = sumOf(budget.memory);
  const text = `${inMib(need)} are needed at most`;
  if (limitBytes !== null && limitBytes < need) {
    return finding('memory', 'fail', `${text}, and the control group allows ${inMib(limitBytes)}: raise MemoryMax=`);
  }
  if (totalBytes < need) {
    return finding(
      'memory',
      'fail',
      `${text}, and the machine has ${inMib(totalBytes)}: use a model with fewer features`,
    );
  }
  if (availableBytes < need) {
    return finding('memory', 'warn', `${text}, and ${inMib(availableBytes)} can be had: stop what else runs here`);
  }
  return finding('memory', 'ok', `${text}, ${inMib(availableBytes)} can be had`);
};
