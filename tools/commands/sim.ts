import { Command, Option } from 'commander';
import { DEFENCE_NAMES } from '../../protocols/robust/defence.ts';
import { ATTACK_NAMES } from '../mesh/attacks.ts';
import { CANARY_NAMES, MESH_DEFAULTS, type MeshOptions } from '../sim/mesh-options.ts';
import { integerFrom, notNegative, share } from './arguments.ts';
import { simFleetCommand } from './sim-fleet.ts';

interface MeshFlags extends Omit<MeshOptions, 'latencyMs' | 'cutMs' | 'defence' | 'canary'> {
  readonly latency: number;
  readonly cut: number;
  readonly defence?: MeshOptions['defence'];
  readonly canary?: MeshOptions['canary'];
  readonly json?: true;
}

const count = (least: number, most: number) => integerFrom(least, most);

/** `myrmexctl sim …`: many gateways in one process, or some in processes of their own. */
export function simCommand(): Command {
  const command = new Command('sim').description('what a fleet would do, before there is one');
  const defaults = MESH_DEFAULTS;
  command
    .command('mesh')
    .description('gossip on a virtual clock and network, with checkers; a failure prints what plays it again')
    .option('--nodes <number>', 'gateways, of each site', count(2, 16_384), defaults.nodes)
    .option('--sites <number>', 'sites in a chain, each with a broker of its own', count(1, 64), defaults.sites)
    .option('--bridges <number>', 'gateways that join a site to the next', count(1, 64), defaults.bridges)
    .option('--rounds <number>', 'rounds of the schedule; whole cycles are run', count(1, 1_000_000), defaults.rounds)
    .option('--parameters <number>', 'length of what is averaged', count(1, 100_000), defaults.parameters)
    .option('--values-max <number>', 'parameters of one message', count(1, 600), defaults.valuesMax)
    .addOption(new Option('--precision <name>').choices(['int8', 'float64']).default(defaults.precision))
    .option('--loss <share>', 'of messages lost', share, defaults.loss)
    .option('--duplicates <share>', 'of messages that come again, up to 8 cycles later', share, defaults.duplicates)
    .option('--latency <ms>', 'longest way of a message; the shortest is 2 ms', notNegative, defaults.latencyMs[1])
    .option('--churn <share>', 'of nodes that crash once, every second one without its disk', share, defaults.churn)
    .option('--clock-jumps <share>', 'of nodes whose clock jumps by up to an hour', share, defaults.clockJumps)
    .option('--partitions <number>', 'times the fleet is split in two', count(0, 100), defaults.partitions)
    .option('--cut <seconds>', 'the broker is away for so long, in the middle', notNegative, defaults.cutMs / 1_000)
    .option('--liars <share>', 'of nodes that lie', share, defaults.liars)
    .addOption(new Option('--attack <name>', 'how they lie').choices([...ATTACK_NAMES]).default(defaults.attack))
    .addOption(new Option('--defence <name>', 'clip with liars, else none').choices([...DEFENCE_NAMES]))
    .option('--seed <number>', 'of everything that is left to chance', count(0, 2 ** 31), defaults.seed)
    .addOption(new Option('--canary <name>', 'a machine that is broken on purpose').choices([...CANARY_NAMES]))
    .option('--json', 'print one JSON object')
    .action(async ({ json, ...flags }: MeshFlags) => {
      const { simulateMesh } = await import('../sim/simulate-mesh.ts');
      const { failureOf, printMesh } = await import('../sim/print-mesh.ts');
      const { latency, cut, defence, canary = null, ...rest } = flags;
      const options: MeshOptions = {
        ...rest,
        latencyMs: [Math.min(2, latency), latency],
        cutMs: cut * 1_000,
        defence: defence ?? (rest.liars > 0 ? 'clip' : 'none'),
        canary,
      };
      const report = simulateMesh(options, times);
      process.stdout.write(json === true ? `${JSON.stringify(report)}\n` : printMesh(report));
      const failure = failureOf(report, options);
      if (failure === null) return;
      process.stderr.write(failure);
      process.exitCode = 1;
    });
  return command.addCommand(simFleetCommand());
}

function times(): { elapsedMs: number; cpuMs: number } {
  const { user, system } = process.cpuUsage();
  return { elapsedMs: performance.now(), cpuMs: (user + system) / 1_000 };
}
