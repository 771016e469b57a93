import { readDemoModel } from '../../firmware/io/files.ts';
import { createPipeline, defaultPipelineOptions, expertNames } from '../../firmware/pipeline.ts';
import { createCodec } from '../../protocols/codec.ts';
import { readSign1 } from '../../protocols/cose/sign1.ts';
import { openEnvelope } from '../../protocols/envelope.ts';
import { lanesOf } from '../../protocols/gossip/lanes.ts';
import { Mass } from '../../protocols/gossip/mass.ts';
import { GOSSIP, readGossip } from '../../protocols/messages/gossip.ts';

/** What a listener at the broker makes of the gossip of gateways with the demonstration's model. */
export interface Ear {
  heard(sender: string, receiver: string, payload: Uint8Array): void;
  /** Of whom a value is known. */
  readonly senders: number;
  /** Largest distance between the latest values of two senders, over the largest of their norms. */
  distance(): number;
  /** Messages for a receiver that came once more. */
  repeats(receiver: string): number;
  /** The values, not the repeats. */
  forget(): void;
}

const norm = (values: Float64Array): number => Math.hypot(...values);

export const openEar = async (): Promise<Ear> => {
  const model = await readDemoModel();
  const { shared } = createPipeline({ ...defaultPipelineOptions, experts: expertNames, model, seed: 0 });
  const [lane] = lanesOf(shared!.parts);
  const codec = createCodec();
  const values = new Map<string, Float64Array>();
  const numbers = new Set<string>();
  const repeated = new Map<string, number>();
  const masses = new Map<string, Mass>();
  const massAt = (receiver: string): Mass => {
    const mass = masses.get(receiver) ?? new Mass(lane!, new Float64Array(lane!.length), 0, 'int8');
    masses.set(receiver, mass);
    return mass;
  };
  return {
    heard: (sender, receiver, payload) => {
      const signed = readSign1(payload);
      const opened = signed.ok ? openEnvelope(codec, GOSSIP, signed.value.payload) : null;
      if (opened === null || !opened.ok) throw new Error(`${sender} said what cannot be read`);
      const number = `${sender} ${opened.value.epoch} ${opened.value.sequence}`;
      if (numbers.has(number)) repeated.set(receiver, (repeated.get(receiver) ?? 0) + 1);
      numbers.add(number);
      const fields = readGossip(opened.value.body);
      if (fields.grains === 0) return;
      // As the receiver takes it: messages say how values differ from what both ends agreed on.
      const outcome = massAt(receiver).take(sender, fields, 1, (_own, value) => {
        values.set(sender, value.slice());
        return value;
      });
      if (outcome !== 'applied' && outcome !== 'old') throw new Error(`${sender} averages something else: ${outcome}`);
    },
    get senders() {
      return values.size;
    },
    distance: () => {
      const all = [...values.values()];
      const apart = all.flatMap((one) => all.map((other) => norm(one.map((value, i) => value - other[i]!))));
      return Math.max(...apart) / Math.max(...all.map(norm));
    },
    repeats: (receiver) => repeated.get(receiver) ?? 0,
    forget: () => values.clear(),
  };
};
