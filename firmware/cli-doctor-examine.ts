import { clientIdOf } from '../protocols/access.ts';
import { effectiveConfiguration, modelOf } from './cli-settings.ts';
import { type ComputePlan, planCompute } from './compute-plan.ts';
import type { Environment } from './configuration/environment.ts';
import { type Configuration, checkConfiguration, faultsOfConfiguration } from './configuration.ts';
import { examineBroker } from './io/doctor/broker.ts';
import { examineEngine } from './io/doctor/engine.ts';
import { examineSecrets, examineSensor } from './io/doctor/files.ts';
import { type Finding, failed, finding } from './io/doctor/finding.ts';
import { examineClock, examineMemory, examineNode, type MachineFacts } from './io/doctor/machine.ts';
import { examineState } from './io/doctor/state.ts';
import { stateDirectory } from './io/files.ts';
import { withFleetFiles } from './io/fleet-folder.ts';
import { findNativeAddon } from './io/native-engine.ts';

/**
 * Looks at everything that a first day goes wrong with, each thing once, in the order in which a start needs it. What
 * cannot be looked at before something else is mended is left out.
 *
 * @param path of the configuration; the demonstration's when undefined
 */
export const examine = async (
  path: string | undefined,
  environment: Environment,
  facts: MachineFacts,
): Promise<readonly Finding[]> => {
  const found: Finding[] = [...examineNode(facts), examineClock(facts)];
  const configuration = await examineConfiguration(path, environment, found);
  if (configuration === null) return [...found, examineMemory(facts, null)];
  const plan = await examineModel(configuration, found);
  found.push(examineEngine(configuration.engine, findNativeAddon()));
  const { site, node, broker, sensor, mesh, state = stateDirectory(site, node) } = configuration;
  found.push(examineMemory(facts, plan?.budget ?? null));
  found.push(...(await examineState(state, plan?.budget ?? null)));
  found.push(...examineSensor(sensor));
  found.push(...examineSecrets(configuration, path));
  found.push(...(await examineBroker(broker, clientIdOf(site, node, 'doctor'), facts.unixMs)));
  for (const bridge of mesh?.bridges ?? []) {
    const clientId = clientIdOf(bridge.site, bridge.node ?? node, 'doctor');
    found.push(...(await examineBroker(withFleetFiles(bridge.broker, bridge.fleet), clientId, facts.unixMs)));
  }
  return found;
};

const examineConfiguration = async (
  path: string | undefined,
  environment: Environment,
  found: Finding[],
): Promise<Configuration | null> => {
  try {
    const { value, source } = await effectiveConfiguration(path, environment);
    const faults = faultsOfConfiguration(value);
    found.push(...faults.map((fault) => finding('configuration', 'fail', `${source}: ${fault}`)));
    if (faults.length > 0) return null;
    found.push(finding('configuration', 'ok', source));
    return checkConfiguration(value, source);
  } catch (error) {
    found.push(failed('configuration', error));
    return null;
  }
};

const examineModel = async (configuration: Configuration, found: Finding[]): Promise<ComputePlan | null> => {
  try {
    const model = await modelOf(configuration);
    const plan = planCompute(configuration, model.bytes, (text) => found.push(finding('model', 'warn', text)));
    const { task, channels, window } = plan.card;
    const text = `${model.name}: ${task} of ${window} samples of ${channels.length} channels`;
    found.push(finding('model', 'ok', `${text}; fits board "${configuration.board}"`));
    return plan;
  } catch (error) {
    found.push(failed('model', error));
    return null;
  }
};
