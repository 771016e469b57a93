import { accessSync, constants, statSync } from 'node:fs';
import type { LivePart } from '../../configuration/live-sensors.ts';
import { secretFilesOf } from '../../configuration/secrets.ts';
import type { Sensor } from '../../configuration/sensors.ts';
import { errorCode, errorMessage } from '../../errors.ts';
import { secretPath } from '../secrets.ts';
import { type Finding, finding } from './finding.ts';

const OTHERS_MAY_READ = 0o004;
const GROUP_MAY_WRITE_OR_OTHERS = 0o026;

/** Can the sensor's sources be read? Those that come over MQTT are the broker's business. */
export const examineSensor = (sensor: Sensor): Finding[] => {
  switch (sensor.kind) {
    case 'simulated':
      return [finding('sensor', 'ok', 'simulated')];
    case 'recording':
      return [sensor.path === '-' ? finding('sensor', 'ok', 'standard input') : readable('recording', sensor.path)];
    case 'several':
      return sensor.sensors.map(examinePart);
    default:
      return [examinePart(sensor)];
  }
};

const examinePart = (part: LivePart): Finding => {
  if (part.kind === 'host') return readable('figures of this computer', `${part.proc ?? '/proc'}/stat`);
  if (part.kind === 'stdin') {
    return process.stdin.isTTY === true
      ? finding('sensor', 'warn', 'standard input is this terminal: pipe the program that measures into the node')
      : finding('sensor', 'ok', 'standard input');
  }
  return finding('sensor', 'ok', `${Object.keys(part.channels).length} channels over MQTT`);
};

const readable = (what: string, path: string): Finding => {
  try {
    accessSync(path, constants.R_OK);
    return finding('sensor', 'ok', `${what} ${path}`);
  } catch (error) {
    const mend = errorCode(error) === 'ENOENT' ? 'name the file that is there' : 'let the user of the service read it';
    return finding('sensor', 'fail', `${what} ${path} cannot be read (${errorMessage(error)}): ${mend}`);
  }
};

/** Who else can read the files with secrets, and the configuration if a password stands in it? */
export const examineSecrets = (configuration: object, file: string | undefined): Finding[] => {
  const found = secretFilesOf(configuration).map((path) => examineSecret(secretPath(path)));
  const inside = /"(password|passphrase|secret|token)":/i.test(JSON.stringify(configuration));
  if (!inside || file === undefined) return found;
  if ((statSync(file).mode & OTHERS_MAY_READ) === 0)
    return [...found, finding('secrets', 'ok', `one stands in ${file}`)];
  const text = `a password stands in ${file}, which everybody can read: chmod 600 it, or use passwordFile`;
  return [...found, finding('secrets', 'warn', text)];
};

const examineSecret = (path: string): Finding => {
  try {
    const { mode } = statSync(path);
    accessSync(path, constants.R_OK);
    if ((mode & (OTHERS_MAY_READ | GROUP_MAY_WRITE_OR_OTHERS)) === 0) return finding('secrets', 'ok', path);
    const octal = (mode & 0o777).toString(8).padStart(3, '0');
    return finding('secrets', 'warn', `${path} has mode ${octal}, and others can read or change it: chmod 600 ${path}`);
  } catch (error) {
    const mend = 'create it, let the user of the service read it, or hand it over with LoadCredential=';
    return finding('secrets', 'fail', `${path}: ${errorMessage(error)}; ${mend}`);
  }
};
