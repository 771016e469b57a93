/** Counts what `new` makes of ArrayBuffer, its views and its shared kind in this thread. */
export interface AllocationCount {
  /** Since the count was installed. */
  total(): number;
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

/**
 * Replaces the constructors of this thread by counting ones. `subarray`, `slice`, `map` and the like make their result
 * through `constructor[Symbol.species]`, so they are counted as well. For tests: it slows construction down.
 */
export const countAllocations = (): AllocationCount => {
  let count = 0;
  const globals = globalThis as unknown as Record<string, new (...given: unknown[]) => object>;
  for (const name of NAMES) {
    const original = globals[name]!;
    const counting = new Proxy(original, {
      construct(target, given, newTarget) {
        count++;
        return Reflect.construct(target, given, newTarget) as object;
      },
    });
    Object.defineProperty(original.prototype, 'constructor', { value: counting, configurable: true, writable: true });
    globals[name] = counting;
  }
  return { total: () => count };
};
