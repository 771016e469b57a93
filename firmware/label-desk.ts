import { createCodec } from '../protocols/codec.ts';
import type { LabelAckBody } from '../protocols/messages/label-ack.ts';
import { errorMessage } from './errors.ts';
import type { MqttPort } from './io/mqtt.ts';
import type { Store } from './io/store.ts';
import type { JournalEntry } from './journal.ts';
import type { LabelCount, LabelEffect, LabelOutcome } from './machines/label-events.ts';
import { LabelPool } from './machines/label-pool.ts';
import { LabelMachine } from './machines/labels.ts';
import type { Publisher } from './machines/publisher.ts';

export interface LabelDeskPorts {
  /** What labels name, in the order of the model. */
  readonly classes: readonly string[];
  readonly store: Pick<Store, 'epoch' | 'labels' | 'labellers' | 'putEntry' | 'putLabellers'>;
  readonly publisher: Publisher;
  readonly mqtt: Pick<MqttPort, 'publish'>;
  /** Gives a label to the compute worker; false when it cannot take it now. */
  readonly apply: (index: number, label: number, correction: boolean) => boolean;
  readonly unixMs: () => number;
  /** Hears what became of each label. */
  readonly acknowledged?: (ack: LabelAckBody) => void;
}

/** Does what the label machine wants done, and counts. */
export interface LabelDesk {
  /** A message on the label topic. @param now monotonic ms */
  received(payload: Uint8Array, now: number): void;
  outcome(outcome: LabelOutcome): void;
  /** About once a second. @param now monotonic ms */
  tick(now: number): void;
  /** The compute worker was lost; resolves when nothing is being written any more. */
  workerLost(): Promise<void>;
  /** How labels ended, by the label machine's words. */
  readonly counts: ReadonlyMap<LabelCount, number>;
}

export const createLabelDesk = (ports: LabelDeskPorts): LabelDesk => {
  const { classes, store, publisher, mqtt } = ports;
  const machine = new LabelMachine({
    ...{ codec: createCodec(), classes, epoch: store.epoch, known: store.labels },
    pool: new LabelPool(classes.length, store.labellers),
  });
  const counts = new Map<LabelCount, number>();
  const writing = new Set<Promise<void>>();

  const write = (entry: JournalEntry): void => {
    const written = store.putEntry(entry).then(
      () => run(machine.stored(entry, null)),
      (error: unknown) => run(machine.stored(entry, errorMessage(error))),
    );
    writing.add(written);
    void written.finally(() => writing.delete(written));
  };

  const run = (effects: readonly LabelEffect[]): void => {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'apply':
          // When it cannot, the machine's deadline tells the sender to try again.
          ports.apply(effect.index, effect.label, effect.correction);
          break;
        case 'remember':
          // Not worth a failed label: the next opinion writes them again.
          store.putLabellers(effect.records).catch(() => {});
          break;
        case 'store':
          write(effect.entry);
          break;
        case 'acknowledge':
          mqtt.publish(publisher.acknowledgement(effect.ack, ports.unixMs()));
          ports.acknowledged?.(effect.ack);
          break;
        case 'count':
          counts.set(effect.name, (counts.get(effect.name) ?? 0) + 1);
          break;
      }
    }
  };

  return {
    counts,
    received: (payload, now) => run(machine.received(payload, now)),
    outcome: (outcome) => run(machine.outcome(outcome)),
    tick: (now) => run(machine.tick(now)),
    workerLost: async () => {
      run(machine.workerLost());
      await Promise.all(writing);
    },
  };
};
