import { effectiveConfiguration, resolveSettings } from './cli-settings.ts';
import { planCompute } from './compute-plan.ts';
import { masked } from './configuration/secrets.ts';
import { faultsOfConfiguration } from './configuration.ts';
import { answersOf } from './task-words.ts';

/**
 * `myrmex config check FILE`: all that is wrong with it, or what it comes to. Nothing is started, written or connected.
 *
 * @throws NodeError, ModelError: the file, the environment or the model cannot be used
 */
export const checkConfigurationFile = async (path: string): Promise<void> => {
  const { value, source } = await effectiveConfiguration(path, process.env);
  const faults = faultsOfConfiguration(value);
  if (faults.length > 0) {
    const lines = faults.map((fault) => `  ${fault}\n`);
    process.stderr.write(`myrmex: ${source} has ${faults.length === 1 ? 'a fault' : 'faults'}:\n${lines.join('')}`);
    process.exitCode = 1;
    return;
  }
  const { configuration, model, state } = await resolveSettings({ config: path }, process.env);
  const { card, hash, experts } = planCompute(configuration, model.bytes, (text) =>
    process.stderr.write(`myrmex: ${text}\n`),
  );
  const { site, node, board, broker, sensor } = configuration;
  const facts = {
    node: `${site}/${node} on board ${board}`,
    broker: 'url' in broker ? masked(broker.url) : `embedded, port ${broker.port}`,
    sensor: 'kind' in sensor ? sensor.kind : 'several',
    model: `${model.name} ${hash}, ${model.bytes.length} bytes`,
    ...answersOf(card),
    window: `${card.window} samples of ${card.channels.join(', ')}`,
    experts: experts.join(', '),
    state,
  };
  const lines = Object.entries(facts).map(([name, fact]) => `  ${name.padEnd(8)}  ${fact}\n`);
  process.stdout.write(`ok: ${source}\n${lines.join('')}`);
};
