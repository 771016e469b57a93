// A bridge as a process, to be killed at any moment. Argument: its options as JSON.
import { Learner, type MeshNodeOptions, openMeshNode } from './mesh-node.ts';

const options = JSON.parse(process.argv[2]!) as MeshNodeOptions;
await openMeshNode(options, new Learner().share);
process.stdout.write('open\n');
