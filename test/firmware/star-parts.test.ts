import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Share } from '../../firmware/io/share.ts';
import { Missed } from '../../firmware/mesh/missed.ts';
import { StarAgent } from '../../firmware/mesh/star-agent.ts';
import { StarCentre } from '../../firmware/mesh/star-centre.ts';
import { GivenPart } from '../../firmware/pipeline/given-part.ts';
import { type AgentState, CoordinatedAgent } from '../../protocols/coordinator/agent.ts';
import type { CommonAdapter, Update } from '../../protocols/coordinator/contract.ts';
import { createCoordinator, exactCodec, LINEAGE, SIZE } from '../support/star.ts';

/** θ in float32 as in the compute worker, and what it would lose with it. */
class Worker {
  readonly theta = new Float32Array(SIZE);
  labels = 0;
  readonly given = new GivenPart({
    ...{ size: SIZE, parts: [], lineage: LINEAGE },
    read: (out) => out.set(this.theta),
    write: (values) => this.theta.set(values),
    judge: () => 0,
  });
  readonly share: Share = {
    ...{ size: SIZE, parts: [], lineage: LINEAGE },
    read: async () => Float64Array.from(this.theta),
    add: async (delta) => this.given.add(delta),
    judge: async (values) => 10 - values[0]!,
    own: async () => {
      const values = new Float64Array(SIZE);
      this.given.own(values);
      return { values, labels: this.labels, giver: this.given.giver };
    },
    give: async (values, giver) => this.given.give(values, giver),
  };

  learn(at: number, by = 1): void {
    this.theta[at]! += by;
    this.labels++;
  }

  /** Another worker with the same snapshot. */
  reborn(): Worker {
    const worker = new Worker();
    worker.theta.set(this.theta);
    worker.labels = this.labels;
    for (const [i, array] of this.given.state.entries()) worker.given.state[i]!.set(array);
    return worker;
  }
}

const options = { name: 'a1', lineage: LINEAGE, size: SIZE, codec: exactCodec, labelsMin: 1, periodMs: 10 };
const adapterOf = (version: number, values: readonly number[], answers: CommonAdapter['answers'] = []) => {
  return { lineage: LINEAGE, version, values: exactCodec.pack(Float64Array.from(values)), answers };
};

/** An agent's desk with everything around it in memory. */
class World {
  worker: Worker | null = new Worker();
  saved: AgentState | null = null;
  readonly said: Update[] = [];
  diskFails = false;
  now = 0;
  private lives = 0;

  async open(): Promise<StarAgent> {
    const ports = {
      open: (state: AgentState) => new CoordinatedAgent(options, state),
      share: () => this.worker?.share ?? null,
      save: async (state: AgentState) => {
        if (this.diskFails) throw new Error('the disk is full');
        this.saved = structuredClone(state);
      },
      tell: (update: Update) => this.said.push(update),
      now: () => this.now,
      newLife: () => ++this.lives,
    };
    return new StarAgent(ports, structuredClone(this.saved), await this.worker!.share.own());
  }

  get theta(): readonly number[] {
    return [...this.worker!.theta];
  }
}

const agent = suite('star: the agent and its worker');

agent('what is learned while an answer is on its way stays on top of what comes back', async () => {
  const world = new World();
  const desk = await world.open();
  world.worker!.learn(0);
  await desk.tick();
  const [update] = world.said;
  assert.equal([update!.number, update!.labels, update!.before, update!.after], [1, 1, 10, 9]);
  world.worker!.learn(1);
  await desk.heard(adapterOf(3, [0.5, 0, 7], [{ agent: 'a1', life: update!.life, number: 1, verdict: 'taken' }]));
  assert.equal(world.theta, [0.5, 1, 7]);
  world.now = 10;
  await desk.tick();
  assert.equal([...exactCodec.unpack(world.said[1]!.delta)!], [0, 1, 0], 'not what others gave');
});

agent('an update that is not on disk is not told, and told once it is', async () => {
  const world = new World();
  const desk = await world.open();
  world.worker!.learn(0);
  world.diskFails = true;
  assert.match(String(await desk.tick().catch((error: unknown) => error)), 'the disk is full');
  assert.is(world.said.length, 0);
  world.diskFails = false;
  await desk.tick();
  assert.equal(
    world.said.map(({ number }) => number),
    [1],
  );
  desk.connected();
  await desk.tick();
  assert.is(world.said.length, 2, 'a new connection hears it again');
});

agent(
  'a worker that comes back with an older state is given what it must have, and what it lost is not untold',
  async () => {
    const world = new World();
    const desk = await world.open();
    const old = world.worker!.reborn();
    world.worker!.learn(0);
    await desk.tick();
    await desk.heard(adapterOf(1, [1, 5, 0], [{ agent: 'a1', life: 1, number: 1, verdict: 'taken' }]));
    world.worker = null;
    await desk.tick();
    // The label is in the journal: the worker learns it again.
    world.worker = old;
    old.learn(0);
    await desk.tick();
    assert.equal(world.theta, [1, 5, 0]);
    assert.is(world.said.length, 1);
  },
);

agent('a process that is killed before it saved what it adopted adopts it again', async () => {
  const world = new World();
  const first = await world.open();
  world.worker!.learn(0);
  await first.tick();
  const adapter = adapterOf(1, [1, 5, 0], [{ agent: 'a1', life: 1, number: 1, verdict: 'taken' }]);
  await first.heard(adapter);
  const second = await world.open();
  await second.heard(adapter);
  await second.tick();
  assert.equal(world.theta, [1, 5, 0]);
  assert.is(world.said.length, 1, 'nothing is outstanding');
});

agent('killed before its first word, it has told nothing', async () => {
  const world = new World();
  const first = await world.open();
  world.worker!.learn(0);
  await first.heard(adapterOf(1, [0, 5, 0]));
  // The worker's snapshot knows of that life.
  world.worker = world.worker!.reborn();
  const second = await world.open();
  await second.tick();
  assert.equal([...exactCodec.unpack(world.said[0]!.delta)!], [1, 0, 0]);
});

agent('a learner that lost its memory takes nothing back of what it had told', async () => {
  const world = new World();
  const first = await world.open();
  world.worker!.learn(0);
  await first.tick();
  const second = await world.open();
  await second.tick();
  await second.heard(adapterOf(1, [1, 0, 0], [{ agent: 'a1', life: 1, number: 1, verdict: 'taken' }]));
  await second.handOver();
  assert.ok(world.saved!.isRooted);
  world.worker = new Worker();
  world.worker.labels = 1;
  const third = await world.open();
  await third.heard(adapterOf(2, [1, 0, 0]));
  world.worker.learn(2);
  world.now = 100;
  await third.tick();
  assert.equal([...exactCodec.unpack(world.said.at(-1)!.delta)!], [0, 0, 1]);
  assert.is(world.said.at(-1)!.life, 2);
  assert.equal(world.theta, [1, 0, 1]);
});

agent('at the end everything is handed over, also what was not due', async () => {
  const world = new World();
  const desk = await world.open();
  world.worker!.learn(0);
  await desk.tick();
  world.worker!.learn(1);
  await desk.handOver();
  assert.equal(
    world.said.map(({ since, number, labels }) => [since, number, labels]),
    [
      [0, 1, 1],
      [0, 2, 2],
    ],
  );
});
agent.run();

const centre = suite('star: the coordinator and its worker');
const update: Update = {
  ...{ lineage: LINEAGE, version: 4, life: 1, since: 0, number: 1, labels: 1, before: 1, after: 0 },
  delta: exactCodec.pack(new Float64Array([1, 0, 0])),
};

const openCentre = (own: Worker | null = null) => {
  const coordinator = createCoordinator();
  const counted: string[] = [];
  const published: CommonAdapter[] = [];
  const world = { now: 0, diskFails: false, saved: -1 };
  const desk = new StarCentre({
    ...{ coordinator, share: () => own?.share ?? null, now: () => world.now },
    save: async ({ version }) => {
      if (world.diskFails) throw new Error('the disk is full');
      world.saved = version;
    },
    publish: async (adapter) => {
      assert.is(world.saved, adapter.version, 'on disk before it is published');
      published.push(adapter);
    },
    vitals: { count: (name) => counted.push(name), set: () => {} },
  });
  const at = async (now: number): Promise<void> => {
    world.now = now;
    await desk.tick();
  };
  return { desk, coordinator, counted, published, world, at };
};

centre('without a memory it waits for what the broker kept, also when an agent speaks first', async () => {
  const { desk, published, at } = openCentre();
  desk.heard('a1', update);
  await at(0);
  await at(500);
  assert.is(published.length, 0, 'there has been no connection');
  desk.connected(1_000);
  await at(1_000);
  desk.recalled(adapterOf(4, [0, 2, 0]));
  await at(1_001);
  await at(1_100);
  await at(2_000);
  assert.equal(
    published.map(({ version, values }) => [version, ...exactCodec.unpack(values)!]),
    [
      [4, 0, 2, 0],
      [5, 1, 2, 0],
    ],
  );
});

centre('what cannot be written is published once it can', async () => {
  const { desk, published, world, at } = openCentre();
  desk.connected(0);
  desk.heard('a1', update);
  await at(0);
  world.diskFails = true;
  assert.match(String(await at(100).catch((error: unknown) => error)), 'the disk is full');
  assert.is(published.length, 0);
  world.diskFails = false;
  await at(200);
  assert.is(published.length, 1);
});

centre('its own labels judge each agent alone, and what becomes of an update is counted', async () => {
  const own = new Worker();
  own.learn(0);
  const { desk, counted, at } = openCentre(own);
  desk.connected(0);
  desk.heard('better', update);
  desk.heard('worse', { ...update, delta: exactCodec.pack(new Float64Array([-1, 0, 0])) });
  desk.heard('worse', { ...update, delta: exactCodec.pack(new Float64Array([-1, 0, 0])) });
  await at(0);
  await at(100);
  assert.equal(counted, ['starReceived', 'starReceived', 'starRepeated', 'starTaken', 'starHurts']);
});
centre.run();

const missed = suite('star: messages before their key');

missed('the broker is asked again once, when a key has come that was missed', () => {
  const list = new Missed(2);
  for (const node of ['a', 'b', 'c']) list.note(node);
  assert.not(list.isWorthAsking(() => false));
  assert.ok(list.isWorthAsking((node) => node === 'b'));
  assert.not(
    list.isWorthAsking((node) => node === 'b' || node === 'c'),
    'c was beyond the bound',
  );
});
missed.run();
