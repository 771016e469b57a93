import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCodec } from '../../protocols/codec.ts';
import { Registry } from '../../protocols/enrolment.ts';
import { ENROLMENT, type EnrolmentBody } from '../../protocols/messages/enrolment.ts';
import { REVOCATION } from '../../protocols/messages/revocation.ts';
import { sealRootSigned } from '../../protocols/root-signed.ts';
import { kidOf, testKey } from '../support/fleet-keys.ts';

const codec = createCodec();
const [root, thief, one, two] = ['root', 'thief', 'one', 'two'].map(testKey) as [Key, Key, Key, Key];
type Key = ReturnType<typeof testKey>;

const stamp = { site: 'plant', epoch: 1, sequence: 0, time: 1_795_420_800_000 };
const enrolment = (change: Partial<EnrolmentBody> = {}, signer = root, from = stamp): Uint8Array => {
  const body = { site: 'plant', node: 'pump', key: one.raw, roles: ['node'], serial: 1, issued: 0, ...change };
  return sealRootSigned(codec, ENROLMENT, from, body, signer);
};
const revocation = (counter: number, ...serials: number[]): Uint8Array =>
  sealRootSigned(codec, REVOCATION, stamp, { counter, serials }, root);
const open = (membersMax = 10): Registry => new Registry({ codec, site: 'plant', root, kidOf, membersMax });

const registry = suite('enrolments');

registry('what the root has signed gives a key a name', () => {
  const known = open();
  assert.ok(known.enrol('pump', enrolment()).ok);
  const standing = known.ofKid(one.kid);
  assert.ok(standing.ok);
  assert.equal(standing.member, { node: 'pump', key: one.raw, roles: ['node'], serial: 1 });
  assert.equal(known.of('fan'), { ok: false, reason: 'notEnrolled' });
  assert.equal(known.ofKid(two.kid), { ok: false, reason: 'notEnrolled' });
});

registry('everything else is refused by its reason and leaves no trace', () => {
  const known = open();
  const reason = (node: string, bytes: Uint8Array): string | null => {
    const result = known.enrol(node, bytes);
    return result.ok ? null : result.reason;
  };
  const good = enrolment();
  const forged = good.slice();
  forged[forged.length - 1]! ^= 1;
  const renamed = good.slice();
  renamed[Buffer.from(good).indexOf('pump')]! ^= 1;
  assert.is(reason('pump', new Uint8Array(0)), 'sign1Truncated');
  assert.is(reason('pump', enrolment({}, thief)), 'notRoot');
  assert.is(reason('pump', enrolment({}, { ...thief, kid: root.kid })), 'signature');
  assert.is(reason('pump', forged), 'signature');
  assert.is(reason('pump', renamed), 'signature');
  assert.is(reason('pump', revocation(1)), 'kind');
  assert.is(reason('pump', enrolment({ site: 'elsewhere' })), 'site');
  assert.is(reason('pump', enrolment({}, root, { ...stamp, site: 'elsewhere' })), 'sender');
  assert.is(reason('fan', good), 'name');
  assert.is(reason('fleet', enrolment({ node: 'fleet' })), 'name');
  assert.equal(known.messages(), { enrolments: new Map(), revocation: null });
});

registry('the higher serial holds, and an old enrolment played again does nothing', () => {
  const known = open();
  known.enrol('pump', enrolment());
  assert.ok(known.enrol('pump', enrolment({ key: two.raw, serial: 2 })).ok);
  assert.equal(known.enrol('pump', enrolment()), { ok: false, reason: 'stale' });
  assert.not.ok(known.ofKid(one.kid).ok);
  assert.ok(known.ofKid(two.kid).ok);
  assert.ok(known.enrol('fan', enrolment({ node: 'fan', serial: 3 })).ok, 'a key that was given up may be used again');
});

registry('a key is one member’s, unless that one was revoked', () => {
  const known = open();
  known.enrol('pump', enrolment());
  const moved = enrolment({ node: 'fan', serial: 2 });
  assert.equal(known.enrol('fan', moved), { ok: false, reason: 'keyTaken' });
  known.revoke(revocation(1, 1));
  assert.ok(known.enrol('fan', moved).ok);
  assert.ok(known.enrol('pump', enrolment({ key: two.raw, serial: 3 })).ok);
  const standing = known.ofKid(one.kid);
  assert.ok(standing.ok && standing.member.node === 'fan', 'the re-enrolled pump took its old key from the fan');
});

registry('what is revoked counts for nothing, before and after it arrives; an old list brings nobody back', () => {
  const known = open();
  known.enrol('pump', enrolment());
  assert.equal(known.revoke(revocation(2, 1, 7)), { ok: true, value: 2 });
  assert.equal(known.of('pump'), { ok: false, reason: 'revoked' });
  assert.equal(known.ofKid(one.kid), { ok: false, reason: 'revoked' });
  assert.equal(known.enrol('fan', enrolment({ node: 'fan', key: two.raw, serial: 7 })), {
    ok: false,
    reason: 'revoked',
  });
  assert.equal(known.revoke(revocation(1)), { ok: false, reason: 'stale' });
  assert.equal(known.revoke(revocation(2)), { ok: false, reason: 'stale' });
  assert.equal(known.of('pump'), { ok: false, reason: 'revoked' });
  assert.ok(known.revoke(revocation(3, 7)).ok);
  assert.ok(known.of('pump').ok);
});

registry('it is bounded, and what it keeps is enough to begin again', () => {
  const known = open(1);
  known.enrol('pump', enrolment());
  known.revoke(revocation(4, 9));
  const other = enrolment({ node: 'fan', key: two.raw, serial: 2 });
  assert.equal(known.enrol('fan', other), { ok: false, reason: 'full' });
  const { enrolments, revocation: list } = known.messages();
  const again = open();
  for (const [node, bytes] of enrolments) assert.ok(again.enrol(node, bytes).ok);
  assert.ok(list !== null && again.revoke(list).ok);
  assert.equal(again.messages(), known.messages());
  assert.equal(again.enrol('fan', enrolment({ node: 'fan', key: two.raw, serial: 9 })), {
    ok: false,
    reason: 'revoked',
  });
});

registry.run();
