import * as assert from 'uvu/assert';
import { createCodec } from '../../protocols/codec.ts';
import type { Answer, CommonAdapter, Update } from '../../protocols/coordinator/contract.ts';
import { createValueCodec } from '../../protocols/coordinator/value-codec.ts';
import { readSign1 } from '../../protocols/cose/sign1.ts';
import { openEnvelope } from '../../protocols/envelope.ts';
import type { MessageType } from '../../protocols/message.ts';
import { ADAPTER, adapterOf } from '../../protocols/messages/adapter.ts';
import { UPDATE, updateOf } from '../../protocols/messages/update.ts';
import { parseTopic } from '../../protocols/topics.ts';
import { STAR_PARTS, STAR_SIZE, taughtBy } from './star-labels.ts';

const codec = createCodec();
const values = createValueCodec(STAR_SIZE, STAR_PARTS);

/** An int8 of the largest value of a part, with its bfloat16 scale rounded up, is off by this share of it at most. */
const QUANTUM = 1.01 / 254;
const largest = (vector: Float64Array): number => vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/**
 * Follows a star by what goes over its broker, and knows nothing of its machines: which updates an adapter answers,
 * what each adds to what was answered before, and whether the adapter moved by their mean.
 */
export class StarTrace {
  /** Of an agent and number: what the update held. */
  private readonly updates = new Map<string, Update>();
  private readonly answers = new Map<string, Answer>();
  private readonly taken = new Map<string, Float64Array>();
  /** As it was published last, and what it would be without rounding. */
  private common: Float64Array = new Float64Array(STAR_SIZE);
  private exact: Float64Array = new Float64Array(STAR_SIZE);
  version = 0;

  heard(topic: string, payload: Uint8Array): void {
    const { kind, node = '' } = parseTopic(topic) ?? {};
    if (kind === 'update') {
      const update = updateOf(open(UPDATE, payload));
      const known = this.updates.get(`${node} ${update.number}`);
      if (known !== undefined) assert.equal(update.delta, known.delta, `${node} ${update.number} has changed`);
      this.updates.set(`${node} ${update.number}`, update);
    } else if (kind === 'adapter') this.follow(adapterOf(open(ADAPTER, payload)));
  }

  /** Whether all that a node's labels taught was taken once, but for what its last update rounded off. */
  isComplete(node: string, labels: number): boolean {
    const taught = taughtBy(node, labels);
    const taken = this.taken.get(node) ?? new Float64Array(STAR_SIZE);
    return largest(taught.map((value, i) => value - taken[i]!)) <= QUANTUM * largest(taught);
  }

  private follow({ version, values: packed, answers }: CommonAdapter): void {
    const common = values.unpack(packed)!;
    if (version === this.version) {
      assert.equal(common, this.common, `version ${version} has changed`);
      return;
    }
    assert.is(version, this.version + 1, 'no version is left out, and none comes back');
    const steps = answers.filter((answer) => this.isNew(answer)).map((answer) => this.settle(answer));
    for (const step of steps) this.exact = this.exact.map((value, i) => value + step[i]! / steps.length);
    const off = largest(common.map((value, i) => value - this.exact[i]!));
    assert.ok(off <= QUANTUM * largest(this.exact), `version ${version} is off by ${off}`);
    this.common = common;
    this.version = version;
  }

  private isNew({ agent, number }: Answer): boolean {
    const before = this.answers.get(agent)?.number ?? 0;
    assert.ok(number >= before, `the answer to ${agent} ${before} went back to ${number}`);
    return number > before;
  }

  /** What an update adds: all of it, or what it holds beyond the one answered before. */
  private settle(answer: Answer): Float64Array {
    const { agent, number, verdict } = answer;
    assert.is(verdict, 'taken');
    const update = this.updates.get(`${agent} ${number}`);
    assert.ok(update !== undefined, `${agent} ${number} is answered and was never sent`);
    const held = values.unpack(update.delta)!;
    const before = this.answers.get(agent);
    const earlier = before === undefined ? undefined : this.updates.get(`${agent} ${before.number}`);
    const follows = earlier !== undefined && update.since === earlier.since;
    assert.ok(follows || update.since === (before?.number ?? 0), `${agent} ${number} counts from ${update.since}`);
    const counted = follows ? values.unpack(earlier.delta)! : new Float64Array(STAR_SIZE);
    const step = held.map((value, i) => value - counted[i]!);
    const taken = this.taken.get(agent) ?? new Float64Array(STAR_SIZE);
    this.taken.set(
      agent,
      taken.map((value, i) => value + step[i]!),
    );
    this.answers.set(agent, answer);
    return step;
  }
}

const open = <Body>(type: MessageType<Body>, payload: Uint8Array): Body => {
  const signed = readSign1(payload);
  assert.ok(signed.ok);
  const opened = openEnvelope(codec, type, signed.value.payload);
  assert.ok(opened.ok);
  return opened.value.body;
};
