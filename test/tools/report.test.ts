import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Recording } from '../../firmware/io/recording.ts';
import { ownExpertNames } from '../../firmware/pipeline.ts';
import { NodeCurves } from '../../tools/replay/node-curves.ts';
import type { NodeReplay } from '../../tools/replay/node-replay.ts';
import { type PlayedReplay, playRecording } from '../../tools/replay/replay.ts';
import { StreamCurve } from '../../tools/replay/stream-curve.ts';
import { escapeHtml, html, jsonBlock } from '../../tools/report/html.ts';
import { curvePointsFor, replayPage } from '../../tools/report/page.ts';
import { cardOf, randomClassifierFile } from '../support/classifier.ts';
import { taughtStream } from '../support/teacher.ts';

const SHAPE = { channels: 4, hidden: [16], classes: 3, seed: 2 };
const MODEL = randomClassifierFile(SHAPE);
const EVIL = '</script><img src=x onerror="alert(1)">&\u202e';

const played = (nodes: number, rows: number, name = (at: number) => `node-${at}`): PlayedReplay => {
  const streams = Array.from({ length: nodes }, (_, at) => {
    const stream = taughtStream({ classes: 3, channels: 4, rows, seed: at + 1, drift: 0.5 });
    const segment = Int32Array.from({ length: rows }, (_value, row) => (row < rows / 2 ? 0 : 1));
    return { ...stream, node: name(at), segment, segments: [name(0), 'second'] };
  });
  const { channels, labels } = cardOf(SHAPE);
  return playRecording({
    recording: { channels, labels, nodes: streams } as unknown as Recording,
    ...{ model: MODEL, labelRate: 0.3, seed: 0, experts: ownExpertNames, baselines: ['repeatLast', 'full'] },
    ...{ curvePoints: curvePointsFor(nodes), now: () => 0 },
  });
};

const dataOf = (page: string) => {
  const [, text = ''] = page.match(/<script type="application\/json" id="data">([\s\S]*?)<\/script>/) ?? [];
  return JSON.parse(text) as { charts: { title: string; names: string[]; x: number[]; y: (number | null)[][] }[] };
};

const reports = suite('page of a replay');

reports('curves are means over equal stretches, whatever the length of the stream', () => {
  const curve = new StreamCurve(2, 8);
  for (let window = 0; window < 1_000; window++) {
    curve.next();
    curve.add(0, window);
    if (window >= 512) curve.add(1, window % 2);
    curve.add(1, Number.NaN);
  }
  const { at, means } = curve.points();
  assert.equal(at, [128, 256, 384, 512, 640, 768, 896, 1_000]);
  assert.equal(
    means[0]!.map((mean) => Math.round(mean! * 10)),
    [635, 1915, 3195, 4475, 5755, 7035, 8315, 9475],
  );
  assert.equal(means[1]!.slice(3), [null, 0.5, 0.5, 0.5, 0.5]);
  assert.throws(() => new StreamCurve(1, 7), /even number/);
});

reports('the page has every figure as a table, and curves of every judge, weight and distance', () => {
  const { report, nodes } = played(2, 300);
  const page = replayPage({ report, nodes }, 'Replay of machine.csv', [['seed', '0']]);
  const { mixture } = report.experts;
  const row = page.match(/<th scope="row">mixture<\/th>(.*)<\/tr>/)![1]!;
  assert.ok(row.includes(`>${(mixture!.accuracy * 100).toFixed(1)} %<`), row);
  for (const name of [...ownExpertNames, 'repeatLast', 'full']) assert.match(page, `<th scope="row">${name}</th>`);
  assert.match(page, '<th scope="row">seed</th><td>0</td>');
  assert.match(page, '<th scope="row">learning.learningRate</th>');
  assert.is(page.match(/<caption>By segment<\/caption>/g)!.length, 2);
  const { charts } = dataOf(page);
  assert.equal(
    charts.slice(0, 3).map(({ names }) => names),
    [[...ownExpertNames, 'mixture', 'repeatLast', 'full'], [...ownExpertNames], ['drift']],
  );
  assert.is(page.match(/role="img" aria-label="/g)!.length, charts.length);
  for (const { x, y } of charts) for (const values of y) assert.is(values.length, x.length);
  // The mean of a curve over equal stretches is the node's accuracy.
  const [accuracy] = charts;
  const shown =
    accuracy!.y[ownExpertNames.length]!.reduce<number>((sum, value) => sum + value!, 0) / accuracy!.x.length;
  assert.ok(Math.abs(shown - Number(report.nodes[0]!.mixture)) < 0.01, `${shown} and ${report.nodes[0]!.mixture}`);
  const [drift] = nodes[0]!.drifts.episodes;
  assert.ok(drift !== undefined, 'the stream drifts');
  assert.match(page, `<th scope="row">${drift.cause}</th><td class="n">${drift.begin}</td>`);
  const halves = nodes[0]!.curves!.segments;
  assert.equal([halves[0]!.windows, halves[1]!.windows, halves[1]!.from], [150, 150, 150]);
  assert.is(halves[0]!.labels + halves[1]!.labels, nodes[0]!.labels);
});

reports('a page whose recording was made to break it shows the names and runs nothing but its own two scripts', () => {
  const page = replayPage(
    played(1, 40, () => EVIL),
    EVIL,
    [[EVIL, EVIL]],
  );
  assert.not.match(page, /<img/);
  assert.not.match(page, '\u202e');
  assert.match(page, '&lt;/script&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;\ufffd');
  const scripts = [...page.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text]) => text!);
  const policy = page.match(/Content-Security-Policy" content="([^"]*)"/)![1]!;
  assert.match(policy, 'default-src &#39;none&#39;');
  assert.is(scripts.length, 2);
  for (const text of scripts) assert.match(policy, createHash('sha256').update(text).digest('base64'));
  assert.is(escapeHtml(`<a b='c'>`), '&lt;a b=&#39;c&#39;&gt;');
  assert.is(html`<p>${html`<b>${'<'}</b>`}${[1, '&']}</p>`.html, '<p><b>&lt;</b>1&amp;</p>');
  assert.is(jsonBlock({ a: '</script><!--' }).html, '{"a":"\\u003c/script>\\u003c!--"}');
});

reports('a hundred thousand windows of 24 nodes, and a thousand nodes, stay below two megabytes', () => {
  const { report, nodes } = played(1, 40);
  const [first] = nodes;
  const { experts, card } = first!.pipeline;
  const samples = new Float32Array(card.channels.length * card.window);
  const decision = first!.pipeline.decide({ samples, index: 0, valid: true });
  const sizeWith = (count: number, windows: number): number => {
    const curves = new NodeCurves({
      ...{ experts, baselines: ['repeatLast', 'full', 'full', 'full'], points: curvePointsFor(count) },
      ...{ classes: true, errors: false, scores: false },
    });
    for (let window = 0; window < windows; window++) {
      curves.decided(decision, `segment ${Math.floor(window / 10)}`);
      curves.scored(decision, [0, 1, 2, window % 3], window % 3);
    }
    const many = Array.from(
      { length: count },
      () => Object.create(first!, { curves: { value: curves } }) as NodeReplay,
    );
    const all = { ...report, nodes: many.map(() => report.nodes[0]!) };
    return replayPage({ report: all, nodes: many }, 'large', []).length;
  };
  for (const [count, windows] of [
    [24, 4_200],
    [1_000, 100],
  ] as const) {
    const bytes = sizeWith(count, windows);
    assert.ok(bytes < 2e6, `${count} nodes: ${bytes} bytes`);
  }
});

reports.run();
