import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBroker } from '../../firmware/io/broker.ts';
import { connectMqtt } from '../../firmware/io/mqtt.ts';
import { createCodec } from '../../protocols/codec.ts';
import { createEnvelopeWriter, openEnvelope } from '../../protocols/envelope.ts';
import { LABEL_RANGE } from '../../protocols/messages/label-range.ts';
import { LABEL_RANGE_ACK, type LabelRangeAckBody } from '../../protocols/messages/label-range-ack.ts';
import { topicName } from '../../protocols/topics.ts';
import { exitCodeOf, printAnswer } from '../../tools/label/print-answer.ts';
import { sendRange } from '../../tools/label/send-label.ts';

const label = suite('sending labels');

const ack = (change: Partial<LabelRangeAckBody>): LabelRangeAckBody => ({
  ...{ id: 'x', status: 'done', windows: 3, stored: 3, duplicate: 0, conflict: 0, refused: 0 },
  ...change,
});

label('sentAt is the moment of sending, not of starting to connect; busy is sent again, with a new one', async () => {
  const broker = await startBroker({ port: 0 });
  const codec = createCodec();
  const node = connectMqtt({ url: broker.url, clientId: 'node' });
  await node.ready(5_000);
  const writer = createEnvelopeWriter(codec, 'plant/press', 1);
  const sent: number[] = [];
  await node.subscribe(topicName('plant', 'press', 'label/range'), (_topic, bytes) => {
    const opened = openEnvelope(codec, LABEL_RANGE, bytes);
    assert.ok(opened.ok);
    const { body, time } = opened.value;
    sent.push(time - Number(body.sentAt));
    const answer = ack(sent.length === 1 ? { id: body.id!, status: 'busy' } : { id: body.id! });
    const payload = writer.write(LABEL_RANGE_ACK, answer, 0);
    node.publish({ topic: topicName('plant', 'press', 'label/range/ack'), payload, qos: 1, retain: false });
  });
  // A clock that goes on by a second whenever somebody looks.
  let ms = 1_700_000_000_000;
  const now = (): number => {
    ms += 1_000;
    return ms;
  };
  const target = { endpoint: { url: broker.url }, site: 'plant', node: 'press', waitMs: 5_000, now, id: 'x' };
  assert.equal(await sendRange(target, 0, 1, 'worn'), ack({}));
  assert.equal(sent, [1_000, 1_000], 'one look at the clock lies between sentAt and the time of the envelope');
  await node.close();
  await broker.close();
});

label('exit codes and words are those of the documentation', () => {
  const cases: [Partial<LabelRangeAckBody>, number, string][] = [
    [{}, 0, '3 windows: 3 stored'],
    [{ stored: 1, duplicate: 2 }, 0, '3 windows: 1 stored, 2 duplicate'],
    [{ stored: 2, conflict: 1 }, 3, '3 windows: 2 stored, 1 conflict'],
    [{ stored: 1, conflict: 1, refused: 1 }, 6, '3 windows: 1 stored, 1 conflict, 1 refused'],
    [{ status: 'unknownWindow', windows: 0, message: 'too old' }, 4, 'unknownWindow: too old'],
    [{ status: 'unknownClass', message: 'no\u001b[2J' }, 5, 'unknownClass: no·[2J'],
    [{ status: 'busy' }, 6, 'busy'],
    [{ status: 'malformed' }, 1, 'malformed'],
  ];
  for (const [change, code, words] of cases) {
    assert.equal([exitCodeOf(ack(change)), printAnswer(ack(change))], [code, words]);
  }
  assert.is(printAnswer({ window: '1-3', status: 'conflict', message: 'stands' }), '1-3 conflict: stands');
});

label.run();
