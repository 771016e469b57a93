import { openNativeEngine } from '../../../firmware/io/native-engine.ts';
import { EngineError } from '../../../kernels/errors.ts';
import { type InferenceEngine, ownEngine } from '../../../kernels/inference-engine.ts';
import { CommandError } from '../../errors.ts';

/** In the order in which they are measured and shown. */
export const ENGINE_NAMES = ['wasm', 'native', 'plain'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/**
 * Opens engines by their names; what is not installed is left out.
 *
 * @param notice hears what is left out and why
 */
export function openEngines(names: readonly EngineName[], notice: (line: string) => void): InferenceEngine[] {
  return names.flatMap((name) => {
    if (name !== 'native') return [ownEngine(name)];
    try {
      return [openNativeEngine()];
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      notice(`native is left out: ${error.message}`);
      return [];
    }
  });
}

/** Names separated by commas, each once. */
export function engineNames(text: string): EngineName[] {
  const names = text.split(',');
  const wrong = names.find((name) => !ENGINE_NAMES.some((known) => known === name));
  if (wrong !== undefined || new Set(names).size < names.length) {
    const list = ENGINE_NAMES.join(', ');
    throw new CommandError('engineName', `"${text}" does not name engines: choose among ${list}, each once`, 2);
  }
  return ENGINE_NAMES.filter((name) => names.includes(name)).sort((a, b) => names.indexOf(a) - names.indexOf(b));
}
