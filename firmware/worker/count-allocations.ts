/** Counts what `new` makes of ArrayBuffer, its views and its shared kind in this thread. */
export interface AllocationCount {
  /** Since the count was installed. */
  total(): number;
  /** Puts the original constructors back. */
  restore(): void;
}

const NAMES = [
  'ArrayBuffer',
  'SharedArrayBuffer',
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
] as const;

type Constructor = new (...given: unknown[]) => object;

/**
 * Replaces the constructors of this thread by counting ones. `subarray`, `slice`, `map` and the like make their result
 * through `constructor[Symbol.species]`, so they are counted as well. For tests: it slows construction down.
 */
export const countAllocations = (): AllocationCount => {
  let count = 0;
  const globals = globalThis as unknown as Record<string, Constructor>;
  const originals = NAMES.map((name) => globals[name]!);
  const install = (name: string, original: Constructor, replacement: Constructor): void => {
    const property = { value: replacement, configurable: true, writable: true };
    Object.defineProperty(original.prototype, 'constructor', property);
    globals[name] = replacement;
  };
  const counting = (original: Constructor): Constructor =>
    new Proxy(original, {
      construct(target, given, newTarget) {
        count++;
        return Reflect.construct(target, given, newTarget) as object;
      },
    });
  for (const [at, name] of NAMES.entries()) install(name, originals[at]!, counting(originals[at]!));
  return {
    total: () => count,
    restore: () => {
      for (const [at, name] of NAMES.entries()) install(name, originals[at]!, originals[at]!);
    },
  };
};
