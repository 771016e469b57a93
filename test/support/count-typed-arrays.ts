/** Every constructor that takes memory for binary data. */
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

type Constructor = new (...parameters: readonly unknown[]) => object;

/**
 * Runs `action` and counts the typed arrays, views and buffers that it constructs, by `new` and by the methods that
 * make them: `subarray`, `slice` or `map` ask the `constructor` of their array, which is watched too.
 */
export function countTypedArrays(action: () => void): number {
  const scope = globalThis as unknown as Record<string, Constructor>;
  const originals = NAMES.map((name) => scope[name]!);
  let count = 0;
  const replace = (name: string, original: Constructor, replacement: Constructor): void => {
    scope[name] = replacement;
    Object.defineProperty(original.prototype, 'constructor', {
      value: replacement,
      configurable: true,
      writable: true,
    });
  };
  NAMES.forEach((name, index) => {
    const original = originals[index]!;
    const watched = new Proxy(original, {
      construct(target, parameters, newTarget) {
        count++;
        return Reflect.construct(target, parameters, newTarget);
      },
    });
    replace(name, original, watched);
  });
  try {
    action();
  } finally {
    NAMES.forEach((name, index) => {
      replace(name, originals[index]!, originals[index]!);
    });
  }
  return count;
}
