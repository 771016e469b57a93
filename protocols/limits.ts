/**
 * Every bound of the wire in one place. A bound is refused before anything is allocated for what it bounds, so the
 * worst that one message can cost is `messageBytesMax` of input and `itemsMax` small values.
 */
export const LIMITS = {
  /** A site, node or operator name; it is also a topic level and a directory name. */
  nameCharsMax: 64,
  /** Classes a model may tell apart. A decision names each once, so this drives `itemsMax` and `messageBytesMax`. */
  classesMax: 256,
  /** A lineage, always: base model, seed of the frozen factors and layout; only equals are averaged. */
  lineageBytes: 8,
  /** UTF-16 units of one class name: at most 192 bytes of UTF-8. */
  classCharsMax: 64,
  /** Experts in one mixture: frozen, renormalised, local, shared, and room for as many of a fleet's own. */
  expertsMax: 16,
  /** Values a regressor may give: each is named in every decision. */
  outputsMax: 64,
  /** Alarms of one gateway: each is an entity that a person must understand. */
  alarmsMax: 16,
  /** Agents of one star, each answered in every adapter: 256 × (64 + 19 bytes) = 21 KB beside 2 × 16 KB. */
  agentsMax: 256,
  /** Questions that a person is asked at one time. */
  asksMax: 16,
  /** Reasons of refusal named in one telemetry message. */
  countersMax: 64,
  /** Counters and gauges of all parts of a node, named in one telemetry message. */
  vitalsMax: 128,
  /** Troubles named in one telemetry message, and UTF-16 units of each: 32 × (64 + 480 bytes) = 17 KB at most. */
  troublesMax: 32,
  troubleCharsMax: 160,
  /** Roles of one enrolment; three exist. */
  rolesMax: 8,
  /** Gateways, people and programs of one site that a node knows the keys of: about 1.5 MB when full. */
  enrolmentsMax: 4_096,
  /** Serials revoked in a site's life; a message of them all has 9 KB at most. */
  revokedMax: 1_024,
  /** Gateways whose signed messages one gateway takes: 160 bytes of replay window each. */
  sendersMax: 4_096,
  /** Free text: an explanation for a person, a version, a model's description. */
  textBytesMax: 512,
  /** Binary field of one message; a mesh gradient is ≤ 1 KiB (DESIGN §5), a model never travels in one message. */
  binaryBytesMax: 16_384,
  /** What one publication of a tree brings: it travels whole, within two signatures and a message of 56 KiB. */
  publishedBytesMax: 49_152,
  /** A publication as its origin signed it: around the content 86 bytes of COSE_Sign1, and names, numbers and heads. */
  publicationBytesMax: 50_176,
  /** A payload. The largest decision: 256 classes × (192 + head + share) + 16 × 300 B = 56 KB. */
  messageBytesMax: 65_536,
  /** One label; labels arrive from anyone who may write to the topic, so theirs is the tightest bound. */
  labelBytesMax: 1_024,
  /** Nesting: envelope, body, experts, expert = 4; two to spare for later versions. */
  depthMax: 6,
  /** Data items of one message, map keys included: 2 × classesMax + 9 × expertsMax + envelope, body, and headroom. */
  itemsMax: 2_048,
  /** Pairs of one map: every class once. */
  pairsMax: 256,
} as const;
