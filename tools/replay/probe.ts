import type { Recording, RecordingNode } from '../../firmware/io/recording.ts';
import type { Pipeline } from '../../firmware/pipeline.ts';
import { classesOf } from '../../firmware/task-words.ts';
import { createWindower } from '../../kernels/signal/windower.ts';
import { CommandError } from '../errors.ts';

interface BeforeAndAfter {
  readonly before: number;
  readonly after: number;
}

/** Accuracy on a fixed recording before and after a stream: of the mixture, and of every expert by name. */
export interface ProbeReport extends BeforeAndAfter {
  /** Labelled windows of it, of every node that it was shown to. */
  readonly windows: number;
  readonly experts: Readonly<Record<string, BeforeAndAfter>>;
}

/** How often experts, and behind them the mixture, were right. */
interface Score {
  readonly right: Float64Array;
  windows: number;
}

/**
 * Shows a fixed recording to a node as it is before a stream and as it is after it, when the stream is over. Nothing is
 * learned from it, and no decision of the stream depends on it.
 */
export class Probe {
  private readonly before: Score;
  private readonly after: Score;

  constructor(
    private readonly recording: Recording,
    /** Makes a node as it is before the stream. */
    private readonly create: () => Pipeline,
  ) {
    const fresh = create();
    if (fresh.card.task !== 'classification') {
      throw new CommandError('probe', `--probe is for classifiers; the model's task is ${fresh.card.task}`, 2);
    }
    const columns = fresh.experts.length + 1;
    this.before = { right: new Float64Array(columns), windows: 0 };
    this.after = { right: new Float64Array(columns), windows: 0 };
  }

  /** A node of that name has played its stream. */
  finished(node: string, pipeline: Pipeline): void {
    this.show(node, this.create(), this.before);
    this.show(node, pipeline, this.after);
  }

  report(experts: readonly string[]): ProbeReport {
    const { before, after } = this;
    const share = (score: Score, column: number): number =>
      Number((score.right[column]! / Math.max(1, score.windows)).toFixed(6));
    const both = (column: number): BeforeAndAfter => ({ before: share(before, column), after: share(after, column) });
    return {
      ...both(experts.length),
      windows: after.windows,
      experts: Object.fromEntries(experts.map((name, e) => [name, both(e)])),
    };
  }

  /** Its own rows where the recording has any of this node, else all. */
  private show(node: string, pipeline: Pipeline, score: Score): void {
    const classes = classesOf(pipeline.card, this.recording.labels);
    const own = this.recording.nodes.filter((rows) => rows.node === node);
    for (const rows of own.length > 0 ? own : this.recording.nodes) this.showRows(rows, classes, pipeline, score);
  }

  private showRows(rows: RecordingNode, classes: readonly number[], pipeline: Pipeline, score: Score): void {
    const { window, stride } = pipeline.card;
    const channels = pipeline.card.channels.length;
    const windower = createWindower({ channels, window, stride });
    for (let row = 0; row < rows.rows; row++) {
      const { values, segment, label, tMs } = rows;
      if (!windower.push(values, row * channels, segment[row]!, label[row]!, tMs[row]!)) continue;
      const truth = windower.truth < 0 ? -1 : classes[windower.truth]!;
      if (truth < 0 || !windower.valid) continue;
      const { expertLabels, label: mixture } = pipeline.probe(windower.samples);
      score.windows++;
      for (let e = 0; e <= expertLabels.length; e++) {
        if ((e < expertLabels.length ? expertLabels[e] : mixture) === truth) score.right[e]!++;
      }
    }
  }
}
