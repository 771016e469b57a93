import type { DecisionBody } from '../protocols/messages/decision.ts';
import type { ModelCard } from '../protocols/model-card.ts';

/** A decision's numbers under their names: the part of a message, a status or a report that depends on the task. */
export type NamedNumbers = Pick<DecisionBody, 'values' | 'score' | 'threshold'>;

/**
 * Names what a task decides beside the class; nothing for a classifier.
 *
 * @param values of a judged window, in the order of `Decision.values`
 * @param thresholds in force for it, the mixture's last (`Decision.thresholds`)
 */
export const nameValues = (card: ModelCard, values: ArrayLike<number>, thresholds: ArrayLike<number>): NamedNumbers => {
  switch (card.task) {
    case 'classification':
      return {};
    case 'regression':
      return { values: Object.fromEntries(card.outputs.map(({ name }, at) => [name, values[at]!])) };
    case 'anomaly':
      return { score: values[0]!, threshold: thresholds[thresholds.length - 1]! };
  }
};

/** What a model can answer, under the name of its kind of answer; for a person. */
export const answersOf = (card: ModelCard): Record<string, string> => {
  switch (card.task) {
    case 'classification':
      return { classes: card.labels.join(', ') };
    case 'regression':
      return { values: card.outputs.map(({ name, unit = '' }) => `${name} ${unit}`.trim()).join(', ') };
    case 'anomaly':
      return { anomaly: `a score above ${Number(card.threshold.toPrecision(4))}` };
  }
};

/**
 * Class of the model for each label of a recording, -1 for one that it does not know. To an anomaly model everything
 * that is not called normal is an anomaly; a regressor knows no classes.
 */
export const classesOf = (card: ModelCard, labels: readonly string[]): number[] =>
  labels.map((name) => (card.task === 'anomaly' && name !== card.labels[0] ? 1 : card.labels.indexOf(name)));
