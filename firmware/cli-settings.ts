import { basename } from 'node:path';
import { boardProfile } from '../boards/registry.ts';
import { isName } from '../protocols/names.ts';
import type { RunFlags } from './cli.ts';
import { type Environment, withEnvironment } from './configuration/environment.ts';
import { Configuration, checkConfiguration } from './configuration.ts';
import { demoConfiguration } from './demo/configuration.ts';
import { NodeError } from './errors.ts';
import { readBounded, readDemoModel, readJson, stateDirectory, temporaryState } from './io/files.ts';

/** Everything a run needs, decided. */
export interface RunSettings {
  readonly configuration: Configuration;
  readonly model: { readonly bytes: Uint8Array; readonly name: string };
  readonly state: string;
  /** The state ends with the run: nobody said where to keep it, and nobody configured a gateway. */
  readonly temporary: boolean;
}

/** A configuration as it would run, but for the flags: the file (or the demonstration's), the environment over it. */
export interface EffectiveConfiguration {
  readonly value: unknown;
  /** Where it comes from, for messages. */
  readonly source: string;
}

/** @throws NodeError `fileNotFound`, `badEnvironment`, `badConfiguration` for a file that is not JSON */
export const effectiveConfiguration = async (
  path: string | undefined,
  environment: Environment,
): Promise<EffectiveConfiguration> => {
  const file = path === undefined ? demoConfiguration : await readJson(path);
  const { value, names } = withEnvironment(file, environment, Configuration);
  const over = names.length === 0 ? '' : ` with ${names.join(' and ')}`;
  return { value, source: (path ?? 'the demonstration') + over };
};

/**
 * Configuration file (or the demonstration's), environment and flags over it, checked as a whole; then the model.
 *
 * @throws NodeError `badConfiguration`, `badEnvironment`, `badFlags`, `fileNotFound`, …
 */
export const resolveSettings = async (flags: RunFlags, environment: Environment): Promise<RunSettings> => {
  const { value, source } = await effectiveConfiguration(flags.config, environment);
  const given = flags.config !== undefined;
  const merged = withFlags(checkConfiguration(value, source), flags);
  const configuration = checkConfiguration(merged, 'the command line');
  const model = await modelOf(configuration);
  const { site, node, state } = configuration;
  const temporary = state === undefined && !given;
  const directory = state ?? (temporary ? await temporaryState() : stateDirectory(site, node));
  return { configuration, model, state: directory, temporary };
};

/** The model that a configuration names. @throws NodeError `badFlags`, `fileNotFound`, `fileTooLarge`, … */
export const modelOf = async ({ sensor, board, model: path }: Configuration): Promise<RunSettings['model']> => {
  if (sensor.kind !== 'simulated' && path === undefined) {
    const what = sensor.kind === 'recording' ? 'a recording' : `the sensor "${sensor.kind}"`;
    throw new NodeError('badFlags', `${what} needs the model that was trained for it: name it with --model`);
  }
  const { modelBytesMax } = boardProfile(board);
  const bytes = path === undefined ? await readDemoModel() : await readBounded(path, 'model', modelBytesMax);
  return { bytes, name: path === undefined ? 'rotating-machine.tflite' : basename(path) };
};

const withFlags = (base: Configuration, flags: RunFlags): Configuration => {
  const { labeller, ...rest } = base;
  const sensor = sensorOf(base, flags);
  return {
    ...rest,
    sensor,
    ...(labeller === undefined || sensor.kind === 'recording' ? {} : { labeller }),
    ...(flags.site === undefined ? {} : { site: flags.site }),
    ...(flags.seed === undefined ? {} : { seed: flags.seed }),
    ...(flags.engine === undefined ? {} : { engine: flags.engine }),
    ...(flags.state === undefined ? {} : { state: flags.state }),
    ...(flags.model === undefined ? {} : { model: flags.model }),
    ...nodeName(base, flags),
    ...(flags.logLevel === undefined ? {} : { log: { ...base.log, level: flags.logLevel } }),
    ...(flags.port === undefined ? {} : { broker: embeddedAt(base.broker, flags.port) }),
  };
};

const sensorOf = ({ sensor }: Configuration, flags: RunFlags): Configuration['sensor'] => {
  const { recording, node, segments, speed, labelRate, seed } = flags;
  const playing = recording !== undefined || sensor.kind === 'recording';
  if (!playing) {
    const lost = Object.entries({ '--segments': segments, '--speed': speed, '--label-rate': labelRate });
    const [stray] = lost.find(([, value]) => value !== undefined) ?? [];
    if (stray !== undefined) throw new NodeError('badFlags', `${stray} is for recordings: name one with --recording`);
    return sensor.kind === 'simulated' && seed !== undefined ? { ...sensor, seed } : sensor;
  }
  const before = sensor.kind === 'recording' ? sensor : { speed: 'max' as const, labelRate: 0.1 };
  return {
    ...before,
    kind: 'recording',
    ...(recording === undefined ? {} : { path: recording }),
    ...(node === undefined ? {} : { node }),
    ...(segments === undefined ? {} : { segments }),
    ...(speed === undefined ? {} : { speed }),
    ...(labelRate === undefined ? {} : { labelRate }),
  } as Configuration['sensor'];
};

/** With a recording, --node names the node in it; the gateway takes that name as far as a topic can hold it. */
const nodeName = (base: Configuration, { node, recording }: RunFlags): { node?: string } => {
  if (node === undefined) return {};
  if (recording === undefined && base.sensor.kind !== 'recording') return { node };
  const name = node.toLowerCase().replace(/[^a-z0-9._-]/g, '-');
  return isName(name) ? { node: name } : {};
};

const embeddedAt = (broker: Configuration['broker'], port: number): Configuration['broker'] => {
  if ('url' in broker)
    throw new NodeError('badFlags', `--port is for the embedded broker, and ${broker.url} is configured`);
  // A port that was asked for is meant.
  return { ...broker, port, orAnyPort: false };
};
