import type { Interpreter } from '../../kernels/interpreter.ts';
import type { OutputOfCard, Task } from '../../protocols/model-card.ts';
import { CommandError } from '../errors.ts';

/** What a person said about the model's answer. */
export interface TaskFlags {
  readonly task?: Task;
  readonly labels?: string[];
  readonly outputs?: string;
  readonly threshold?: number;
}

export interface ChosenTask {
  readonly task: Task;
  /** How the task was found where nobody named it; null when it was named. */
  readonly remark: string | null;
}

const CLASSIFIER_FLAGS = ['labels'] as const;
const REGRESSOR_FLAGS = ['outputs'] as const;
const ANOMALY_FLAGS = ['threshold'] as const;
const FLAGS_OF_TASK = {
  classification: CLASSIFIER_FLAGS,
  regression: REGRESSOR_FLAGS,
  anomaly: ANOMALY_FLAGS,
} as const;

/**
 * The task: named, or told by the flags that only one has, or by the model's ends: what ends in a softmax is a
 * classifier, what gives back as much as it takes is an autoencoder, anything else measures.
 *
 * @throws CommandError when flags contradict each other, or a classifier's classes are not named
 */
export function chooseTask(flags: TaskFlags, { inputs, outputs, logits }: Interpreter): ChosenTask {
  const taken = inputs[0]!.data.length;
  const given = outputs[0]!.data.length;
  const told = (Object.keys(FLAGS_OF_TASK) as Task[]).filter((task) =>
    FLAGS_OF_TASK[task].some((flag) => flags[flag] !== undefined),
  );
  const task = flags.task ?? told[0];
  const stranger = told.find((each) => each !== task);
  if (task !== undefined && stranger !== undefined) {
    const flag = FLAGS_OF_TASK[stranger][0];
    throw new CommandError('contradiction', `--${flag} belongs to ${stranger}, and the task is ${task}: leave one`, 2);
  }
  const softmax = logits.name !== outputs[0]!.name;
  if (flags.labels === undefined && (task === 'classification' || (task === undefined && softmax))) {
    const why = task === undefined ? 'the model ends in a softmax, as classifiers do' : 'the task is classification';
    throw new CommandError('labelsNeeded', `${why}: name its ${given} classes with --labels`, 2);
  }
  if (task !== undefined) return { task, remark: null };
  if (taken === given && given > 1) {
    return { task: 'anomaly', remark: `it gives back the ${given} values it takes: taken as an autoencoder (--task)` };
  }
  return { task: 'regression', remark: `no --labels and no softmax: taken as a regressor of ${given} values (--task)` };
}

/** The outputs of a regressor: as named, else `value`, or `value0`, `value1`, … */
export function outputsOf({ outputs }: TaskFlags, count: number): OutputOfCard[] {
  if (outputs !== undefined) return outputs.split(',').map(outputOf);
  return count === 1 ? [{ name: 'value' }] : Array.from({ length: count }, (_, at) => ({ name: `value${at}` }));
}

/** `flow`, `flow:m3/h`, `flow:m3/h:0..120` or `flow::0..120`. */
function outputOf(text: string): OutputOfCard {
  const [name = '', unit = '', range, more] = text.split(':');
  const [low, high, another] = (range ?? '').split('..').map(numberOf);
  const ranged = range !== undefined;
  if (
    name === '' ||
    more !== undefined ||
    (ranged && (low === undefined || high === undefined || another !== undefined))
  ) {
    const shape = 'name, name:unit or name:unit:low..high';
    throw new CommandError('outputs', `--outputs "${text}" is not ${shape}, separated by commas`, 2);
  }
  return { name, ...(unit === '' ? {} : { unit }), ...(ranged ? { range: { low: low!, high: high! } } : {}) };
}

function numberOf(text: string): number | undefined {
  const value = Number(text);
  return text.trim() === '' || !Number.isFinite(value) ? undefined : value;
}
