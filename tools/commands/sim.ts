import { Command } from 'commander';
import { simFleetCommand } from './sim-fleet.ts';

/** `myrmexctl sim`: what a fleet would do, before there is one. */
export function simCommand(): Command {
  return new Command('sim').description('simulate fleets of gateways').addCommand(simFleetCommand());
}
