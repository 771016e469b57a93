import { type Command, Option } from 'commander';
import Type from 'typebox';
import { Compile } from 'typebox/schema';
import { brokerFault, RemoteBroker } from '../../firmware/configuration/broker.ts';
import { explainAll } from '../../firmware/configuration/faults.ts';
import type { BrokerEndpoint } from '../../firmware/io/broker-endpoint.ts';
import { endpointOf } from '../../firmware/io/broker-files.ts';
import { CommandError } from '../errors.ts';

/** Flags of every command that talks to a broker, as commander gives them. */
export interface BrokerFlags {
  readonly broker: string;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly mqtt5?: true;
  readonly prefix?: string;
}

/** The flag that each field of a configured broker comes from. */
const FLAGS: Readonly<Record<string, string>> = {
  url: '--broker',
  username: '--username',
  passwordFile: '--password-file',
  caFile: '--ca',
  certFile: '--cert',
  keyFile: '--key',
  prefix: '--prefix',
};

const validator = Compile(Type.Object({ broker: RemoteBroker }));

/** Adds the flags. There is none for a password itself: every user of a machine can read every command line. */
export const addBrokerOptions = (command: Command): Command =>
  command
    .addOption(new Option('--broker <url>', 'MQTT broker: mqtt, mqtts, ws or wss').default('mqtt://127.0.0.1:1883'))
    .option('--username <name>', 'user known to the broker')
    .option('--password-file <file>', 'file that holds the password')
    .option('--ca <file>', "certificate of the broker's authority (PEM)")
    .option('--cert <file>', 'certificate to show to the broker (PEM)')
    .option('--key <file>', 'key of that certificate (PEM)')
    .option('--mqtt5', 'speak MQTT 5 instead of 3.1.1')
    .option('--prefix <levels>', 'levels before every topic, as configured on the nodes');

/** @throws CommandError `badBroker` naming the flag; NodeError when a file is not there or not what it should be */
export const endpointOfFlags = async (flags: BrokerFlags): Promise<BrokerEndpoint> => {
  const fields = {
    url: flags.broker,
    username: flags.username,
    passwordFile: flags.passwordFile,
    caFile: flags.ca,
    certFile: flags.cert,
    keyFile: flags.key,
    protocolVersion: flags.mqtt5 ? 5 : undefined,
    prefix: flags.prefix,
  };
  const broker: unknown = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const value = { broker };
  const wrong = (path: string, why: string): CommandError => {
    const flag = FLAGS[path.split('/')[2] ?? ''] ?? '--broker';
    return new CommandError('badBroker', `${flag} ${why}`, 2);
  };
  if (!validator.Check(value)) {
    const [, errors] = validator.Errors(value);
    const [fault] = explainAll(errors);
    throw wrong(fault?.path ?? '', fault?.why ?? 'is wrong');
  }
  const fault = brokerFault(value.broker);
  if (fault !== null) throw wrong(fault.path, fault.why);
  return endpointOf(value.broker);
};
