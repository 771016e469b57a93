import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type MeshRest, takeMeshRest } from '../../firmware/io/mesh-rest.ts';
import { within } from '../../firmware/within.ts';
import { createCodec } from '../../protocols/codec.ts';
import { GOSSIP_LIMITS } from '../../protocols/gossip/limits.ts';
import { startAedes } from '../support/brokers.ts';
import { temporaryFolder } from '../support/machine-recording.ts';
import { Learner, MESH_LINEAGE, type OpenMeshNode, openMeshNode } from '../support/mesh-node.ts';

/** Far longer than the two seconds in which newcomers find that nobody has anything, and a few cycles of 0.1 s. */
const ARRIVE_MS_MAX = 30_000;
const NAMES = ['a', 'b', 'c'];

const arrive = async (learner: Learner, isThere: (theta: Float64Array) => boolean): Promise<void> => {
  assert.ok(await within(learner.reaches(isThere), ARRIVE_MS_MAX), `${learner.theta}`);
};

/**
 * Weight of a fleet that was put away, in grains: on its nodes, and what left one and has not reached the other. What
 * one took back from another that has it nevertheless is owed, and goes under way again when that one is there.
 */
const weightOf = (rests: ReadonlyMap<string, MeshRest>): number => {
  let grains = 0;
  for (const [name, { gossip }] of rests) {
    const [lane] = gossip.lanes;
    grains += lane!.grains;
    for (const edge of lane!.outgoing) {
      if (edge.packed === null) continue;
      const there = rests.get(edge.peer)!.gossip.lanes[0]!.incoming.find(({ peer }) => peer === name);
      const applied = there?.base === edge.base && there.upTo > edge.base ? there.grains : 0;
      grains += (edge.returned ? 0 : edge.grains) - applied;
    }
  }
  return grains;
};

const restart = suite('mesh: a restart');

restart('stopped in good order a node goes on where it was: no mass is lost, and none is made', async () => {
  const folder = await temporaryFolder();
  const broker = await startAedes({});
  const endpoint = { url: `mqtt://127.0.0.1:${broker.port}` };
  const nodes = new Map<string, OpenMeshNode>();
  const learners = new Map(NAMES.map((name) => [name, new Learner()]));
  const open = async (node: string): Promise<void> => {
    const options = { site: 'plant', node, endpoint, directory: join(folder, node), bridges: [] };
    nodes.set(node, await openMeshNode(options, learners.get(node)!.share));
  };
  const stop = async (node: string): Promise<void> => {
    await nodes.get(node)!.handOver();
    await nodes.get(node)!.close();
  };
  try {
    for (const name of NAMES) await open(name);
    learners.get('a')!.learn(12, 0);
    for (const name of ['b', 'c']) await arrive(learners.get(name)!, ([first = 0]) => first > 0.5);

    await stop('b');
    const left = await readdir(join(folder, 'b'));
    assert.ok(left.includes(`mesh-rest-${MESH_LINEAGE}.cbor`), `${left}`);
    // Its adapters are as they were shipped, as if the worker had lost them: the mesh's come back at once.
    const b = learners.get('b')!;
    b.theta = new Float64Array(2);
    await open('b');
    assert.ok(b.theta[0]! > 0.5, `${b.theta}`);
    assert.not((await readdir(join(folder, 'b'))).includes(`mesh-rest-${MESH_LINEAGE}.cbor`));
    learners.get('c')!.learn(0, -12);
    await arrive(b, ([, second = 0]) => second < -0.5);

    for (const name of NAMES) await stop(name);
    const rests = new Map<string, MeshRest>();
    for (const name of NAMES) {
      rests.set(name, (await takeMeshRest(createCodec(), join(folder, name), MESH_LINEAGE))!);
    }
    // Of a unit each, or of fewer units where one came late enough to be given its part.
    const units = weightOf(rests) / GOSSIP_LIMITS.grainsPerUnit;
    assert.ok(Number.isInteger(units) && units >= 1 && units <= NAMES.length, `${units} units`);
    const generations = new Set([...rests.values()].map(({ gossip }) => gossip.generation));
    assert.is(generations.size, NAMES.length);
  } finally {
    await Promise.all([...nodes.values()].map((node) => node.close()));
    await broker.close();
  }
});

restart('killed it has left nothing, and comes back as a newcomer in a later life', async () => {
  const folder = await temporaryFolder();
  const broker = await startAedes({});
  const learner = new Learner();
  const open = () =>
    openMeshNode(
      {
        ...{ site: 'plant', node: 'a', endpoint: { url: `mqtt://127.0.0.1:${broker.port}` } },
        ...{ directory: folder, bridges: [] },
      },
      learner.share,
    );
  const generationOf = async (node: OpenMeshNode): Promise<number> => {
    await node.handOver();
    await node.close();
    return (await takeMeshRest(createCodec(), folder, MESH_LINEAGE))!.gossip.generation;
  };
  try {
    const first = await generationOf(await open());
    // What it had left is gone, as after a crash.
    assert.ok((await generationOf(await open())) > first);
  } finally {
    await broker.close();
  }
});
restart.run();
