import type { ModelCard } from '../../../protocols/model-card.ts';
import type { Runner } from '../runner.ts';
import { AnomalyHead } from './anomaly.ts';
import { ClassificationHead } from './classification.ts';
import type { TaskHead } from './contract.ts';
import { RegressionHead } from './regression.ts';

/** @param runner of a model that fits its card (`misfit`) @param experts how many there are */
export function createTaskHead(card: ModelCard, runner: Runner, experts: number): TaskHead {
  switch (card.task) {
    case 'classification':
      return new ClassificationHead(card, runner.logits);
    case 'regression':
      return new RegressionHead(card, runner.outputs[0]!);
    case 'anomaly':
      return new AnomalyHead(card, runner.outputs[0]!, experts);
  }
}

/** What the model gives and its card does not expect, in words; null when they fit. */
export function misfit(card: ModelCard, runner: Runner): string | null {
  const taken = runner.inputs[0]!.data.length;
  const given = runner.outputs[0]!.data.length;
  switch (card.task) {
    case 'classification': {
      const classes = runner.logits.data.length;
      if (classes === card.labels.length) return null;
      return `the card names ${card.labels.length} classes, the model tells ${classes} apart`;
    }
    case 'regression':
      if (given === card.outputs.length) return null;
      return `the card names ${card.outputs.length} outputs, the model gives ${given}`;
    case 'anomaly':
      if (given === taken) return null;
      return `the card expects a reconstruction of the ${taken} features, the model gives ${given} values`;
  }
}
