import { Command } from 'commander';
import type { Configuration } from '../../firmware/configuration.ts';
import { clientIdOf } from '../../protocols/access.ts';
import { jsonOf } from '../../protocols/text.ts';
import { CommandError } from '../errors.ts';
import { integerFrom, list } from './arguments.ts';
import { addBrokerOptions, type BrokerFlags, endpointOfFlags } from './broker-options.ts';

interface RecordFlags extends BrokerFlags {
  readonly config?: string;
  readonly sensor?: string;
  readonly channels?: string[];
  readonly rate?: number;
  readonly seconds?: number;
  readonly out: string;
  readonly node?: string;
  readonly label?: string;
  readonly segment?: string;
  readonly json?: true;
}

/** `myrmexctl record`: whatever a sensor gives, as a recording to train with. */
export function recordCommand(): Command {
  const command = new Command('record')
    .description('write what a sensor gives into a recording, until the time is over or Ctrl-C')
    .option('--sensor <kind>', 'host, simulated, stdin, or a sensor as a configuration has it (JSON)')
    .option('--config <file>', 'the sensor and the broker of a gateway')
    .option('--channels <names>', 'with host and stdin: what to record, separated by commas', list)
    .option('--rate <hz>', 'with host and stdin: rows per second', rate)
    .option('--seconds <number>', 'stop after so long', integerFrom(1, 31_536_000))
    .requiredOption('--out <file>', 'the recording to create; gzipped when the name ends in .gz')
    .option('--node <name>', 'name of the gateway in the recording')
    .option('--segment <name>', 'name of the first segment (default: 1); what comes after a gap is NAME-2, …')
    .option('--label <class>', 'what is true all the time that is recorded')
    .option('--json', 'print a report as one JSON object on the last line');
  return addBrokerOptions(command).action(run);
}

const rate = (text: string): number => Number(text);

async function run(flags: RecordFlags): Promise<void> {
  const configuration = await configurationOf(flags);
  const { openRecordSource } = await import('../record/record-source.ts');
  const { createRecordingWriter } = await import('../record/recording-writer.ts');
  const { record } = await import('../record/record.ts');
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  process.once('SIGINT', abort);
  process.once('SIGTERM', abort);
  const source = await openRecordSource(configuration.sensor, {
    endpoint: () => (flags.config === undefined ? endpointOfFlags(flags) : brokerOf(configuration)),
    // Two recordings side by side are two clients.
    clientId: clientIdOf(configuration.site, configuration.node, `record-${process.pid}`),
    notice: (text) => process.stderr.write(`${text}\n`),
  });
  const node = flags.node ?? source.node ?? configuration.node;
  const writer = await createRecordingWriter(flags.out, { node, channels: source.channels });
  const { seconds = null, label = null, segment = null } = flags;
  const report = await record({ source, writer, seconds, label, segment, stop: stop.signal });
  const { rows, segments, missing } = report;
  const text = `${rows} rows of ${source.channels.length} channels, ${segments} segments, ${missing} samples missing`;
  process.stderr.write(`${flags.out}: ${text}\n`);
  if (flags.json === true) process.stdout.write(`${JSON.stringify({ out: flags.out, node, ...report })}\n`);
  process.off('SIGINT', abort);
  process.off('SIGTERM', abort);
}

/** The configuration that the flags name, or one around the sensor that they describe. */
async function configurationOf(flags: RecordFlags): Promise<Configuration> {
  const { checkConfiguration } = await import('../../firmware/configuration.ts');
  if ((flags.config === undefined) === (flags.sensor === undefined)) {
    throw new CommandError('badFlags', 'say what to record: either --sensor or --config', 2);
  }
  if (flags.config !== undefined) {
    const { readJson } = await import('../../firmware/io/files.ts');
    return checkConfiguration(await readJson(flags.config), flags.config);
  }
  const around = { site: 'desk', node: 'desk', board: 'pc', broker: { embedded: true, port: 0 }, seed: 0 };
  return checkConfiguration({ ...around, experts: ['frozen'], sensor: sensorOf(flags) }, '--sensor');
}

function sensorOf({ sensor = '', channels, rate }: RecordFlags): unknown {
  const rateHz = rate === undefined ? {} : { rateHz: rate };
  if (sensor.trimStart().startsWith('{')) return parse(sensor);
  if (sensor === 'simulated') return { kind: 'simulated', seed: 0, drift: null };
  if (sensor === 'stdin' && channels !== undefined) return { kind: 'stdin', channels, ...rateHz };
  if (sensor === 'stdin') throw new CommandError('badFlags', '--sensor stdin needs the --channels of its columns', 2);
  const usual = ['load1', 'cpu', 'memory', 'disk'];
  if (sensor === 'host') return { kind: 'host', channels: channels ?? usual, rateHz: 1, ...rateHz };
  const message = `--sensor ${sensor} needs to be told more: give the sensor as JSON, or a configuration with --config`;
  throw new CommandError('badFlags', message, 2);
}

function parse(text: string): unknown {
  const value = jsonOf(text);
  if (value === undefined) throw new CommandError('badFlags', '--sensor begins like JSON, and is none', 2);
  return value;
}

async function brokerOf({ broker }: Configuration) {
  const { embeddedEndpoint, endpointOf } = await import('../../firmware/io/broker-files.ts');
  if ('url' in broker) return endpointOf(broker);
  if (broker.port !== 0) return embeddedEndpoint(broker);
  throw new CommandError('badFlags', "the gateway's broker has no fixed port (0): name the broker in its sensor");
}
