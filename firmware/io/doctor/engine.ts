import type { Engine } from '../../configuration/engine.ts';
import { type Finding, finding } from './finding.ts';

/**
 * Whether the engine that the configuration asks for is there. The native one is optional, and missing only to whom
 * has chosen it.
 *
 * @param addon path of the native addon, null where it is not installed
 */
export const examineEngine = (engine: Engine = 'wasm', addon: string | null): Finding => {
  if (engine === 'native') {
    if (addon !== null) return finding('engine', 'ok', `native: ${addon}`);
    const mend = 'install a compiler (g++, make, python3) and npm install again, or choose "wasm"';
    return finding('engine', 'fail', `native is chosen, and @tensorflow/tfjs-tflite-node is not installed: ${mend}`);
  }
  const native = addon === null ? 'is not installed, and not needed' : 'is installed';
  return finding('engine', 'ok', `wasm; the native engine ${native}`);
};
