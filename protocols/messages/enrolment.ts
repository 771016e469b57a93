import Type, { type Static } from 'typebox';
import { bytesType } from '../bytes.ts';
import { LIMITS } from '../limits.ts';
import { defineMessage } from '../message.ts';
import { Name } from '../names.ts';
import { Count } from '../numbers.ts';

/** RFC 8032 §5.1.5. */
const ED25519_KEY_BYTES = 32;

/** A number that the operator gives once, also to the X.509 certificate of the same enrolment. */
export const Serial = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

/**
 * The operator's word that a key belongs to a name; retained, QoS 1, signed by the root (protocols/root-signed.ts). The
 * node publishes it below its own name, and everybody who knows the root's key can check it.
 */
const EnrolmentBody = Type.Object(
  {
    site: Name,
    node: Name,
    /** The raw Ed25519 public key. */
    key: bytesType(ED25519_KEY_BYTES, ED25519_KEY_BYTES),
    /** What the holder may do (protocols/access.ts); a role that is not known gives no right. */
    roles: Type.Array(Name, { minItems: 1, maxItems: LIMITS.rolesMax, uniqueItems: true }),
    /** Of two enrolments of one name the higher one holds. */
    serial: Serial,
    /** When it was signed, Unix ms by the operator's clock; for people. */
    issued: Count,
  },
  { additionalProperties: false },
);

export type EnrolmentBody = Static<typeof EnrolmentBody>;

export const ENROLMENT = defineMessage('enrolment', EnrolmentBody);
