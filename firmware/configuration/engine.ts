import Type, { type Static } from 'typebox';
import type { WrongValue } from './faults.ts';

/** What runs the frozen model: ours, or TensorFlow Lite's native kernels where the optional package is installed. */
export const Engine = Type.Union([Type.Literal('wasm'), Type.Literal('native')]);

export type Engine = Static<typeof Engine>;

/** The native engine shows the ends of a model only, and rounds otherwise than what adapters are learned with. */
export const engineFault = (engine: Engine | undefined, experts: readonly string[]): WrongValue | null => {
  if (engine !== 'native' || experts.every((name) => name === 'frozen')) return null;
  const why = 'must be ["frozen"] with the engine "native", which rounds differently and cannot host adapters';
  return { path: '/experts', why };
};
