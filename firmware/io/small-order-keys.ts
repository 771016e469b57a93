/**
 * The y coordinates of the points of order 1, 2, 4 and 8 on edwards25519, little-endian: 0, 1, p - 1, the two of order
 * 8, and 0 and 1 spelled as p and p + 1.
 */
const SMALL_ORDER_Y = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
];

/**
 * Says whether anyone can sign for this public key without knowing a secret: for these the equation of a signature (RFC
 * 8032 §5.1.7) holds by chance, or always, and OpenSSL does not ask. No honest key is among them.
 *
 * @param publicKey [32] raw
 */
export const isSmallOrder = (publicKey: Uint8Array): boolean => {
  const y = Buffer.from(publicKey);
  // The highest bit is the sign of x (RFC 8032 §5.1.2).
  y[31]! &= 0x7f;
  return SMALL_ORDER_Y.includes(y.toString('hex'));
};
