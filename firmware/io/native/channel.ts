import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngineError } from '../../../kernels/errors.ts';
import { errorCode } from '../../errors.ts';
import { HEADER_BYTES } from './protocol.ts';

/** Between two looks at a pipe; about what a small inference takes. */
const LOOK_MS = 0.05;

/**
 * Two pipes to a process of its own, used without an event loop: a compute worker has none. Waiting has a deadline, and
 * the end of the process is seen at once, because nobody else holds the far ends.
 */
export class Channel {
  private readonly header = new Uint32Array(HEADER_BYTES / 4);
  private readonly headerBytes = new Uint8Array(this.header.buffer);
  private readonly never = new Int32Array(new SharedArrayBuffer(4));
  private open = true;

  private constructor(
    private readonly child: ChildProcess,
    private readonly toChild: number,
    private readonly fromChild: number,
  ) {}

  /** @throws EngineError when there are no named pipes or no process to be had */
  static start(command: string, args: readonly string[]): Channel {
    const folder = mkdtempSync(join(tmpdir(), 'myrmex-native-'));
    const [to, from] = [join(folder, 'to'), join(folder, 'from')];
    try {
      execFileSync('mkfifo', ['-m', '600', to, from], { stdio: 'ignore' });
      // Opening one end waits for the other; an end that is open both ways does not.
      const both = openSync(to, constants.O_RDWR);
      const childReads = openSync(to, constants.O_RDONLY);
      const toChild = openSync(to, constants.O_WRONLY | constants.O_NONBLOCK);
      closeSync(both);
      const fromChild = openSync(from, constants.O_RDONLY | constants.O_NONBLOCK);
      const childWrites = openSync(from, constants.O_WRONLY);
      const child = spawn(command, args, { stdio: [childReads, childWrites, 'ignore'] });
      // Reported later, to whoever has an event loop; here the pipe says it.
      child.on('error', () => {});
      child.unref();
      closeSync(childReads);
      closeSync(childWrites);
      return new Channel(child, toChild, fromChild);
    } catch (cause) {
      throw new EngineError('the native engine needs mkfifo (coreutils) and a process of its own', cause);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Sends a request and waits for the head of its reply, whose bytes are then fetched with `receive`. */
  ask(what: number, bytes: Uint8Array, deadlineMs: number): { readonly what: number; readonly length: number } {
    const until = performance.now() + deadlineMs;
    this.header[0] = what;
    this.header[1] = bytes.length;
    this.move(this.headerBytes, until, this.writeSome);
    this.move(bytes, until, this.writeSome);
    this.move(this.headerBytes, until, this.readSome);
    return { what: this.header[0]!, length: this.header[1]! };
  }

  receive(bytes: Uint8Array, deadlineMs: number): void {
    this.move(bytes, performance.now() + deadlineMs, this.readSome);
  }

  /** Ends the process. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    closeSync(this.toChild);
    closeSync(this.fromChild);
    this.child.kill('SIGKILL');
  }

  private readonly writeSome = (bytes: Uint8Array, at: number): number => writeSync(this.toChild, bytes, at);

  private readonly readSome = (bytes: Uint8Array, at: number): number => {
    const count = readSync(this.fromChild, bytes, at, bytes.length - at, null);
    return count === 0 ? this.fail('crashed') : count;
  };

  private move(bytes: Uint8Array, until: number, some: (bytes: Uint8Array, at: number) => number): void {
    if (!this.open) throw new EngineError('the native engine has ended: load the model again', null, 'engineFailed');
    for (let at = 0; at < bytes.length; ) {
      try {
        at += some(bytes, at);
      } catch (error) {
        const code = errorCode(error);
        if (code === 'EPIPE') this.fail('crashed');
        if (code !== 'EAGAIN') throw error;
        if (performance.now() > until) this.fail('did not answer in time');
        Atomics.wait(this.never, 0, 0, LOOK_MS);
      }
    }
  }

  private fail(how: string): never {
    this.close();
    const mend = 'run this model on the engine "wasm"';
    throw new EngineError(`the native engine ${how} in its own process: ${mend}`, null, 'engineFailed');
  }
}
