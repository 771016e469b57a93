import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCodec } from '../../../protocols/codec.ts';
import { type AgentState, WAITING_MAX } from '../../../protocols/coordinator/agent.ts';
import type { CoordinatorState } from '../../../protocols/coordinator/coordinator.ts';
import {
  decodeAgentState,
  decodeCoordinatorState,
  encodeAgentState,
  encodeCoordinatorState,
  STATE_BYTES_MAX,
} from '../../../protocols/coordinator/state.ts';
import { LIMITS } from '../../../protocols/limits.ts';
import { parseCddl } from '../../support/cddl/grammar.ts';
import { matchesRule } from '../../support/cddl/match.ts';

const vectors = new URL('../../vectors/', import.meta.url);
const golden = JSON.parse(readFileSync(new URL('star-state-v1.json', vectors), 'utf8'));
const { lineage, size } = golden as { lineage: string; size: number };
const [agentBytes, coordinatorBytes] = [golden.agent, golden.coordinator].map(
  (hex) => new Uint8Array(Buffer.from(hex, 'hex')),
) as [Uint8Array, Uint8Array];
const codec = createCodec();
const owner = { lineage, size };
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const state = suite('star: state on disk');

state('golden bytes still open, and are still what is written', () => {
  const agent = decodeAgentState(codec, owner, agentBytes)!;
  assert.is(agent.life, 2851450880);
  assert.ok(agent.isRooted);
  assert.equal([...agent.base], [0.5, -0.25, 1e-9, 3, 0, -1]);
  assert.equal([agent.version, agent.answered, agent.labelsAnswered, agent.made], [12, 3, 96, 5]);
  const waiting = agent.waiting.map(({ update, labels, values }) => [update.number, update.labels, labels, values[5]]);
  assert.equal(waiting, [
    [4, 20, 116, 0.5],
    [5, 40, 136, 1 / 3],
  ]);
  assert.is(hexOf(encodeAgentState(codec, lineage, agent)), golden.agent);
  const coordinator = decodeCoordinatorState(codec, owner, coordinatorBytes)!;
  assert.equal([coordinator.version, coordinator.values[5]], [13, 1 / 3]);
  const ledgers = [...coordinator.ledgers].map(([name, { number, verdict, delta }]) => [name, number, verdict, delta]);
  assert.equal(ledgers[0], ['fan.2', 70_000, 'noGain', null]);
  assert.equal(ledgers[1]!.slice(0, 3), ['press-7', 5, 'taken']);
  assert.is(hexOf(encodeCoordinatorState(codec, lineage, coordinator)), golden.coordinator);
});

state('golden bytes are what the CDDL file says', () => {
  const folder = new URL('../../../protocols/cddl/', import.meta.url);
  const files = ['envelope', 'update', 'star-state'].map((name) => new URL(`${name}.cddl`, folder));
  const rules = new Map(files.flatMap((file) => [...parseCddl(readFileSync(file, 'utf8'))]));
  for (const [rule, bytes] of [
    ['star-agent', agentBytes],
    ['star-coordinator', coordinatorBytes],
  ] as const) {
    assert.ok(matchesRule(rules, rule, bytes), rule);
    const next = (codec.decode(bytes) as { value: unknown[] }).value.with(1, 2);
    assert.not(matchesRule(rules, rule, codec.encode(next).slice()), rule);
  }
});

state('another form, version, model or size is not opened, and nothing throws', () => {
  const decoded = codec.decode(agentBytes) as { value: [string, number, Record<string, unknown>] };
  const [kind, version, body] = decoded.value;
  const opens = (value: unknown): boolean => decodeAgentState(codec, owner, codec.encode(value).slice()) !== null;
  assert.ok(opens([kind, version, body]));
  assert.not(opens([kind, 2, body]));
  assert.not(opens(['starCoordinator', version, body]));
  assert.not(opens([kind, version, { ...body, surplus: 1 }]));
  assert.not(opens([kind, version, { ...body, life: 0 }]));
  assert.not(opens([kind, version, { ...body, base: new Uint8Array(8 * size - 8) }]));
  assert.not(opens([kind, version, { ...body, handed: new Uint8Array(8 * size).fill(0xff) }]), 'not a number');
  assert.is(decodeAgentState(codec, { lineage, size: size + 1 }, agentBytes), null);
  assert.is(decodeCoordinatorState(codec, { lineage: 'fedcba9876543210', size }, coordinatorBytes), null);
  for (let length = 0; length < agentBytes.length; length++) {
    assert.is(decodeAgentState(codec, owner, agentBytes.slice(0, length)), null);
  }
});

state('the largest states fit the bounds', () => {
  const most = LIMITS.binaryBytesMax;
  const large = { lineage, size: most };
  const delta = { scales: new Uint8Array(most), values: new Uint8Array(most).fill(1) };
  const number = Number.MAX_SAFE_INTEGER;
  const values = new Float64Array(most).fill(1 / 3);
  const update = {
    lineage,
    version: number,
    life: 1,
    since: number,
    number,
    labels: number,
    before: 1,
    after: 1,
    delta,
  };
  const agent: AgentState = {
    ...{ life: 0xffff_ffff, isRooted: true, version: number, base: values, answered: number, handed: values },
    ...{ labelsAnswered: number, made: number },
    waiting: new Array(WAITING_MAX).fill({ update, labels: number, values }),
  };
  const agentLarge = encodeAgentState(codec, lineage, agent);
  assert.is(decodeAgentState(codec, large, agentLarge)?.waiting.length, WAITING_MAX);
  const ledger = { life: 0xffff_ffff, since: number, number, delta, verdict: 'hurts' as const };
  const names = Array.from({ length: LIMITS.agentsMax }, (_, i) => `${'n'.repeat(60)}${1_000 + i}`);
  const coordinator: CoordinatorState = {
    ...{ version: number, values },
    ledgers: new Map(names.map((name) => [name, ledger])),
  };
  const bytes = encodeCoordinatorState(codec, lineage, coordinator);
  assert.is(decodeCoordinatorState(codec, large, bytes)?.ledgers.size, LIMITS.agentsMax);
  assert.ok(Math.max(bytes.length, agentLarge.length) <= STATE_BYTES_MAX);
});

state.run();
