import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Recording, RecordingNode } from '../../firmware/io/recording.ts';
import { defaultPipelineOptions, expertNames, ownExpertNames } from '../../firmware/pipeline.ts';
import { CommandError } from '../../tools/errors.ts';
import type { ReplayGossip } from '../../tools/replay/gossip-options.ts';
import { type ReplayOptions, replay } from '../../tools/replay/replay.ts';
import type { ReplayReport } from '../../tools/replay/report.ts';
import { cardOf, randomClassifierFile } from '../support/classifier.ts';
import { taughtStream } from '../support/teacher.ts';

const SHAPE = { channels: 4, hidden: [16], classes: 3, seed: 2 };
const MODEL = randomClassifierFile(SHAPE);
const NODES = 10;
const ROWS = 80;
const STREAM = taughtStream({ classes: 3, channels: 4, rows: NODES * ROWS, seed: 1, drift: 0 });

/** Machines of one kind: each node has its own stretch of one stream, the last one a shorter one. */
const RECORDING = {
  ...{ channels: cardOf(SHAPE).channels, labels: cardOf(SHAPE).labels },
  nodes: Array.from({ length: NODES }, (_, n): RecordingNode => {
    const rows = n === NODES - 1 ? ROWS - 20 : ROWS;
    const from = n * ROWS;
    const cut = {
      label: STREAM.label.slice(from, from + rows),
      values: STREAM.values.slice(4 * from, 4 * (from + rows)),
    };
    return { ...STREAM, ...cut, rows, node: `node ${n}` };
  }),
} as unknown as Recording;

const HOW: ReplayGossip = { everyWindows: 5, defence: 'none', liars: null };
const learning = { ...defaultPipelineOptions.learning, learningRate: 0.03, stepsPerLabel: 8, batch: 8 };
const shared = { ...defaultPipelineOptions.shared, learningRate: 0.03, batch: 8 };

const OPTIONS: ReplayOptions = {
  ...{ recording: RECORDING, model: MODEL, labelRate: 0.12, seed: 3, experts: expertNames, baselines: [] },
  ...{ learning, shared, gossip: HOW, now: () => 0 },
};
const play = (changes: Partial<ReplayOptions> = {}): ReplayReport => replay({ ...OPTIONS, ...changes });

const TOGETHER = play();

const gossips = suite('replay with gossip');

gossips('nodes that share know more than each of them alone', () => {
  const { shared: ours, local } = TOGETHER.experts;
  assert.ok(ours!.secondHalf > local!.secondHalf + 0.03, `${ours!.secondHalf}, alone ${local!.secondHalf}`);
});

gossips('what is sent is counted with topic and signature, and stays below 1 KB a message', () => {
  const { bytesPerNode, gossip, adapterParameters } = TOGETHER;
  const { cycles, messages, bytes, messageBytesMax, refused, liars } = gossip!;
  assert.is(cycles, ROWS / HOW.everyWindows);
  assert.is(bytesPerNode, Math.round(bytes / NODES));
  assert.is(refused, 0);
  assert.is(liars, 0);
  // Ten nodes: two fold, eight double in three rounds, two are given back; nine in the last four cycles.
  const least = 12 * (2 + 24 + 2) + 4 * (1 + 24 + 1);
  // Beside them acknowledgements for peers that the next cycle does not meet.
  assert.ok(messages >= least && messages <= 1.25 * least, `${messages}, at least ${least}`);
  assert.ok(messageBytesMax > adapterParameters + 64 && messageBytesMax <= 1024, `${messageBytesMax}`);
});

gossips('what local experts learn does not depend on who else is there', () => {
  const { gossip: _, ...alone } = OPTIONS;
  const { local } = replay({ ...alone, experts: ownExpertNames }).experts;
  assert.equal(local, TOGETHER.experts.local);
});

gossips('liars are drawn by the seed, not scored, and ruin what is shared where nothing defends it', () => {
  const liars = { share: 0.2, attack: 'noise' } as const;
  const undefended = play({ gossip: { ...HOW, liars } });
  assert.is(undefended.gossip!.liars, 2);
  assert.is(undefended.nodes.length, NODES - 2);
  const defended = play({ gossip: { ...HOW, liars, defence: 'clip' } });
  const { shared: ruined, mixture } = undefended.experts;
  const saved = defended.experts.shared!.secondHalf;
  assert.ok(saved > TOGETHER.experts.shared!.secondHalf - 0.15, `${saved} with liars`);
  assert.ok(ruined!.secondHalf < saved - 0.2, `${ruined!.secondHalf} undefended, ${saved} defended`);
  // The mixture hears its own labels: what is poisoned does not decide.
  assert.ok(mixture!.secondHalf > ruined!.secondHalf + 0.15, `${mixture!.secondHalf}`);
});

gossips('where nothing is shared, or nobody is left to be scored, that is said', () => {
  const refusal = (changes: Partial<ReplayOptions>): string => {
    try {
      play(changes);
    } catch (error) {
      if (error instanceof CommandError) return error.code;
      throw error;
    }
    return 'none';
  };
  assert.is(refusal({ experts: ownExpertNames }), 'gossip');
  assert.is(refusal({ gossip: { ...HOW, liars: { share: 1, attack: 'noise' } } }), 'liars');
});

gossips.run();
