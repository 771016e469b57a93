import { inMib, partsText, sumOf } from './budget.ts';
import { effectiveConfiguration, modelOf } from './cli-settings.ts';
import { planCompute } from './compute-plan.ts';
import { masked } from './configuration/secrets.ts';
import { checkConfiguration, faultsOfConfiguration } from './configuration.ts';
import { stateDirectory } from './io/files.ts';
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
  const configuration = checkConfiguration(value, source);
  const model = await modelOf(configuration);
  const { card, hash, experts, budget } = planCompute(configuration, model.bytes, (text) =>
    process.stderr.write(`myrmex: ${text}\n`),
  );
  const { site, node, board, broker, sensor, state = stateDirectory(site, node) } = configuration;
  const facts = {
    node: `${site}/${node} on board ${board}`,
    broker: 'url' in broker ? masked(broker.url) : `embedded, port ${broker.port}`,
    sensor: 'kind' in sensor ? sensor.kind : 'several',
    model: `${model.name} ${hash}, ${model.bytes.length} bytes`,
    ...answersOf(card),
    window: `${card.window} samples of ${card.channels.join(', ')}`,
    experts: experts.join(', '),
    state,
    memory: `${inMib(sumOf(budget.memory))} of ${inMib(budget.memoryBytesMax)}: ${partsText(budget.memory)}`,
    storage: `${inMib(sumOf(budget.store))} of ${inMib(budget.storeBytesMax)}: ${partsText(budget.store)}`,
  };
  const lines = Object.entries(facts).map(([name, fact]) => `  ${name.padEnd(8)}  ${fact}\n`);
  process.stdout.write(`ok: ${source}\n${lines.join('')}`);
};
