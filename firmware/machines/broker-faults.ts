import { errorCode, errorMessage } from '../errors.ts';

/**
 * What to do when a broker refuses CONNECT: return codes of MQTT 3.1.1 §3.2.2.3 (1-5) and reason codes of
 * MQTT 5 §3.2.2.2 (128 and above).
 */
const REFUSALS: Readonly<Record<number, string>> = {
  1: 'does not speak this version of MQTT; set protocolVersion to 5, or leave it out for 3.1.1',
  2: 'refuses the client id, which is made of site and node; allow it, or change their names',
  3: 'is up but not ready; nothing to do here while it starts',
  4: 'refuses user name and password; check username and passwordFile',
  5: 'does not let this user in; check username, passwordFile or certificate, and that the broker knows them',
  128: 'refuses without saying why; its log may say',
  132: 'does not speak this version of MQTT; leave protocolVersion out for 3.1.1',
  133: 'refuses the client id, which is made of site and node; allow it, or change their names',
  134: 'refuses user name and password; check username and passwordFile',
  135: 'does not let this user in; check username, passwordFile or certificate, and that the broker knows them',
  136: 'is up but not ready; nothing to do here while it starts',
  137: 'is too busy to take another client; it has too little room for this site',
  138: 'has banned this client; lift that in its administration',
  140: 'asks for an authentication method that a node does not have; allow user name and password, or certificates',
  144: 'refuses the topic of our presence; allow it (myrmexctl broker acl prints what a node needs)',
  149: 'refuses the will as too large; raise its limit to 64 KB',
  151: 'says that a quota is used up',
  154: 'keeps no retained messages; presence needs them, allow them',
  155: 'refuses QoS 1, which presence and decisions need; allow it',
  156: 'sends us to another server; put the right one into the url',
  157: 'has moved; put the new address into the url',
  159: 'takes no more connections at this rate; nothing to do here, the next attempts are spaced out',
};

const UNTRUSTED = 'shows a certificate that nobody trusted here has signed; name its authority in caFile';
const REFUSED_OURS = 'refuses our certificate; check certFile, keyFile and which authority the broker trusts';
const NO_TLS = 'does not speak TLS on this port; use its TLS port (often 8883) or mqtt://';

/** System and OpenSSL codes as Node spells them. */
const FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'is not there: nothing listens on this port; start it, or check the port',
  ENOTFOUND: 'has a name that nobody knows; check its spelling and the DNS server',
  EAI_AGAIN: 'has a name that cannot be looked up now; check the network and its DNS server',
  ETIMEDOUT: 'does not answer at this address; check address, cable and firewall',
  EHOSTUNREACH: 'cannot be reached; check address, cable and routes',
  ENETUNREACH: 'lies in a network that this machine has no way to; check cable and routes',
  ECONNRESET: 'cut the connection; if it goes on, check port and protocol (mqtt:// or mqtts://)',
  EPIPE: 'cut the connection; if it goes on, check port and protocol (mqtt:// or mqtts://)',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
  CERT_UNTRUSTED: UNTRUSTED,
  CERT_HAS_EXPIRED: "shows a certificate that has expired; renew it, and check this machine's clock",
  CERT_NOT_YET_VALID: "shows a certificate that is not valid yet; check this machine's clock",
  CERT_REVOKED: 'shows a certificate that was revoked; it needs a new one',
  ERR_TLS_CERT_ALTNAME_INVALID: 'shows a certificate made for another name; use a name that stands in it in the url',
  EPROTO: NO_TLS,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'speaks only versions of TLS that are broken; it needs TLS 1.2 or newer',
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: 'speaks only versions of TLS that are broken; it needs TLS 1.2 or newer',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'asks for a certificate of ours; name certFile and keyFile',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'ended the handshake; it may ask for a certificate: name certFile and keyFile',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: REFUSED_OURS,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: REFUSED_OURS,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: REFUSED_OURS,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'says that our certificate has expired; renew certFile',
  ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR: REFUSED_OURS,
};

/** The broker hung up without a word. */
const SILENT = 'hung up without a word; check port and protocol (mqtt:// or mqtts://)';
const SILENT_AFTER_TLS =
  'hung up without a word; it may not trust our certificate, or want one: check certFile, keyFile';

/**
 * One line that says what is wrong with the way to a broker and what to do.
 *
 * @param error what the client reported in this attempt, null when the connection simply ended
 */
export const explainBrokerFault = (url: string, error: unknown): string => {
  const silent = /^(mqtts|wss):/.test(url) ? SILENT_AFTER_TLS : SILENT;
  const what = error === null ? silent : wordsFor(error);
  return `the MQTT broker at ${url} ${what}`;
};

const wordsFor = (error: unknown): string => {
  const number = error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : null;
  if (number !== null) return REFUSALS[number] ?? `refuses the connection (code ${number}: ${errorMessage(error)})`;
  // A name with several addresses fails with one error for each (RFC 8305); they say the same.
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const text = errorMessage(first);
  const code = errorCode(error) || errorCode(first);
  if (text === 'connack timeout') return 'takes the connection but does not answer; is it an MQTT broker, and well?';
  if (text === 'Keepalive timeout') return 'fell silent; check the network between here and there';
  const status = /Unexpected server response: (\d+)/.exec(text)?.[1];
  if (status !== undefined) return `answers HTTP ${status}; check the path of its WebSocket (often /mqtt)`;
  return FAULTS[code] ?? `cannot be used: ${text || code}`;
};
