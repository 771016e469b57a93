import { fold, gather } from './adapter-lanes';

/**
 * Two ranks of A on four rows: hidden[r, n] = scaling × Σ_i A[r, i] × x[n, i]. Eight accumulators and six loads, which V8
 * hoists, just fit the registers of x86.
 *
 * @param hidden float32 [2 × 4]
 * @param x0 and `x1`, `x2`, `x3`: float32 [inBytes / 4] each
 * @param a float32 [2 × inBytes / 4]
 */
export function projectTwo(
  hidden: usize,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  inBytes: usize,
  a: usize,
  scaling: f32,
): void {
  let u0 = f32x4.splat(0);
  let u1 = u0;
  let u2 = u0;
  let u3 = u0;
  let v0 = u0;
  let v1 = u0;
  let v2 = u0;
  let v3 = u0;
  const whole = a + (inBytes & ~15);
  const end = a + inBytes;
  for (; a < whole; a += 16) {
    const au = v128.load(a);
    const av = v128.load(a + inBytes);
    const n0 = v128.load(x0);
    u0 = f32x4.add(u0, f32x4.mul(au, n0));
    v0 = f32x4.add(v0, f32x4.mul(av, n0));
    const n1 = v128.load(x1);
    u1 = f32x4.add(u1, f32x4.mul(au, n1));
    v1 = f32x4.add(v1, f32x4.mul(av, n1));
    const n2 = v128.load(x2);
    u2 = f32x4.add(u2, f32x4.mul(au, n2));
    v2 = f32x4.add(v2, f32x4.mul(av, n2));
    const n3 = v128.load(x3);
    u3 = f32x4.add(u3, f32x4.mul(au, n3));
    v3 = f32x4.add(v3, f32x4.mul(av, n3));
    x0 += 16;
    x1 += 16;
    x2 += 16;
    x3 += 16;
  }
  let u = fold(u0, u1, u2, u3);
  let v = fold(v0, v1, v2, v3);
  for (; a < end; a += 4) {
    const rows = gather(x0, x1, x2, x3);
    u = f32x4.add(u, f32x4.mul(v128.load32_splat(a), rows));
    v = f32x4.add(v, f32x4.mul(v128.load32_splat(a + inBytes), rows));
    x0 += 4;
    x1 += 4;
    x2 += 4;
    x3 += 4;
  }
  v128.store(hidden, f32x4.mul(f32x4.splat(scaling), u));
  v128.store(hidden, f32x4.mul(f32x4.splat(scaling), v), 16);
}

/** `projectTwo` of one rank: hidden float32 [4], `a` float32 [inBytes / 4]. */
export function projectOne(
  hidden: usize,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  inBytes: usize,
  a: usize,
  scaling: f32,
): void {
  let u0 = f32x4.splat(0);
  let u1 = u0;
  let u2 = u0;
  let u3 = u0;
  const whole = a + (inBytes & ~15);
  const end = a + inBytes;
  for (; a < whole; a += 16) {
    const au = v128.load(a);
    u0 = f32x4.add(u0, f32x4.mul(au, v128.load(x0)));
    u1 = f32x4.add(u1, f32x4.mul(au, v128.load(x1)));
    u2 = f32x4.add(u2, f32x4.mul(au, v128.load(x2)));
    u3 = f32x4.add(u3, f32x4.mul(au, v128.load(x3)));
    x0 += 16;
    x1 += 16;
    x2 += 16;
    x3 += 16;
  }
  let u = fold(u0, u1, u2, u3);
  for (; a < end; a += 4) {
    u = f32x4.add(u, f32x4.mul(v128.load32_splat(a), gather(x0, x1, x2, x3)));
    x0 += 4;
    x1 += 4;
    x2 += 4;
    x3 += 4;
  }
  v128.store(hidden, f32x4.mul(f32x4.splat(scaling), u));
}
