import { type GraphClock, LazyNode } from '../graph/lazy-node.ts';
import type { AdapterSet, Interpreter, SplitModel } from '../interpreter.ts';
import type { TfliteModel } from '../tflite/model.ts';
import type { ReplayBuffer } from './replay-buffer.ts';

export interface FrozenPartOptions {
  readonly model: TfliteModel;
  readonly interpreter: Interpreter;
  /** Those of the layers before `first` stay zero. */
  readonly adapters: AdapterSet;
  /** Adapter point where the trained layers begin: what learning reads depends on its input alone. */
  readonly first: number;
  readonly replay: ReplayBuffer;
  /** Writes the model's input for a window of the replay buffer. */
  readonly present: (slot: number) => void;
}

/**
 * What the layers before the first trained one make of every window in the replay buffer. They never change, so each
 * window is sent through them once, when it is first needed, and again only after its slot was given another one.
 */
export class FrozenPart {
  private readonly nodes: readonly Activations[];
  private readonly after: SplitModel['after'];

  constructor(options: FrozenPartOptions) {
    const { interpreter, adapters, first, replay, present } = options;
    const { boundary, before, after } = interpreter.split(first);
    const bytes = boundary.length;
    const kept = new Uint8Array(replay.slots * bytes);
    const clock: GraphClock = { changes: 0 };
    const compute = (slot: number): void => {
      present(slot);
      before(adapters);
      for (let i = 0, at = slot * bytes; i < bytes; i++, at++) kept[at] = boundary[i]!;
    };
    const restore = (slot: number): void => {
      for (let i = 0, at = slot * bytes; i < bytes; i++, at++) boundary[i] = kept[at]!;
    };
    this.nodes = Array.from({ length: replay.slots }, (_, slot) => new Activations(clock, slot, compute, restore));
    this.after = after;
    replay.watch((slot) => this.nodes[slot]!.changed());
  }

  /** Leaves of the trained layers what presenting the window and invoking the whole model would: the same bits. */
  invoke(slot: number, adapters: AdapterSet): void {
    this.nodes[slot]!.bring();
    this.after(adapters);
  }

  /** How often a window was sent through the frozen layers. */
  get evaluations(): number {
    return this.nodes.reduce((sum, { evaluations }) => sum + evaluations, 0);
  }
}

/** The frozen activations of one window. */
class Activations extends LazyNode {
  constructor(
    clock: GraphClock,
    private readonly slot: number,
    private readonly compute: (slot: number) => void,
    private readonly restore: (slot: number) => void,
  ) {
    super(clock, []);
  }

  /** The slot holds another window. */
  changed(): void {
    this.invalidate();
  }

  /** Brings the activations to where the first trained layer reads them. */
  bring(): void {
    this.refresh();
    this.restore(this.slot);
  }

  protected evaluate(): void {
    this.compute(this.slot);
  }
}

/**
 * Whether keeping activations pays: the frozen layers are the larger part of the model, and the activations of a window
 * take no more than a quarter of its features. Never for a streaming model, whose state moves on with every inference,
 * nor where what learns reads something else beside the first layer's input.
 */
export function frozenPartPays({ model, interpreter, first, replay }: FrozenPartOptions): boolean {
  const { operator } = interpreter.adapterPoints[first]!;
  const { boundary } = interpreter.split(first);
  let before = 0;
  for (let at = 0; at < operator; at++) before += interpreter.multiplyAddsOf(at);
  const isLarger = before > interpreter.multiplyAdds - before;
  const keeps = boundary.length > 0 && boundary.length <= replay.featureCount;
  return !interpreter.hasState && isLarger && keeps && isCut(model, operator);
}

/** Whether the operators from `first` on read nothing computed before it but its own input. */
function isCut({ subgraph }: TfliteModel, first: number): boolean {
  const { operators, inputs } = subgraph;
  const before = new Set([...inputs, ...operators.slice(0, first).flatMap(({ outputs }) => outputs)]);
  before.delete(operators[first]!.inputs[0]!);
  return operators.slice(first).every((operator) => operator.inputs.every((tensor) => !before.has(tensor)));
}
