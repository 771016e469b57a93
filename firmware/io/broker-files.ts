import { createPublicKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { type BrokerTls, type EmbeddedBroker, type RemoteBroker, reachableHost } from '../configuration/broker.ts';
import { errorMessage, NodeError } from '../errors.ts';
import type { BrokerEndpoint } from './broker-endpoint.ts';
import type { ServerCertificate } from './broker-server.ts';
import { readBounded } from './files.ts';
import { type PublicKey, publicKeyOf } from './keys.ts';
import { secretPath } from './secrets.ts';

/** A system's whole list of authorities has about 250 KB. */
const PEM_BYTES_MAX = 1024 * 1024;
/** MQTT's own limit of a password [MQTT-1.5.3-1]. */
const PASSWORD_BYTES_MAX = 65_535;

/**
 * Reads the files that a broker's configuration names, so that a wrong one is found at start and named, and not in the
 * middle of a handshake.
 *
 * @throws NodeError `fileNotFound`, `fileUnreadable`, `fileTooLarge`, `secretEmpty`, `brokerPem`, `brokerCertificate`
 */
export const endpointOf = async (broker: RemoteBroker): Promise<BrokerEndpoint> => {
  const { url, username, passwordFile, caFile, certFile, keyFile, protocolVersion, prefix } = broker;
  const password = passwordFile === undefined ? broker.password : await readPassword(passwordFile);
  const ca = await optional(caFile, (path) => readPem(path, "certificate of the broker's authority", 'CERTIFICATE'));
  const cert = await optional(certFile, (path) => readPem(path, 'certificate', 'CERTIFICATE'));
  const key = await optional(keyFile, (path) => readPem(secretPath(path), 'key', 'PRIVATE KEY'));
  const endpoint = {
    url,
    ...(prefix === undefined ? {} : { prefix }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(protocolVersion === undefined ? {} : { protocolVersion }),
  };
  tryOut(endpoint, [caFile, certFile, keyFile].filter((path) => path !== undefined).join(', '));
  return endpoint;
};

/** How another program on this machine reaches an embedded broker. @throws NodeError as `endpointOf` */
export const embeddedEndpoint = async ({ host, port, tls }: EmbeddedBroker): Promise<BrokerEndpoint> => {
  const place = `${reachableHost(host)}:${port}`;
  if (tls === undefined) return { url: `mqtt://${place}` };
  const { rootFile: _, ...files } = tls;
  return endpointOf({ url: `mqtts://${place}`, ...files });
};

/**
 * Reads the files of an embedded broker that asks for certificates, with the same care.
 *
 * @throws NodeError as `endpointOf`
 */
export const closedFilesOf = async (
  tls: BrokerTls,
): Promise<{ readonly certificate: ServerCertificate; readonly root: PublicKey }> => {
  const { rootFile, ...files } = tls;
  const { ca, cert, key } = await endpointOf({ url: 'mqtts://127.0.0.1', ...files });
  return { certificate: { ca: ca!, cert: cert!, key: key! }, root: await readRootKey(rootFile) };
};

/**
 * The operator's key, which proves enrolments and revocations.
 *
 * @throws NodeError `brokerPem`, and what reading a file throws
 */
export const readRootKey = async (path: string): Promise<PublicKey> => {
  const pem = await readPem(path, "operator's public key", 'PUBLIC KEY');
  const { crv, x = '' } = createPublicKey(Buffer.from(pem)).export({ format: 'jwk' });
  if (crv !== 'Ed25519')
    throw new NodeError('brokerPem', `${path} holds no Ed25519 key: it has to be root.pem of myrmexctl fleet`);
  return publicKeyOf(Buffer.from(x, 'base64url'));
};

const optional = async <T>(path: string | undefined, read: (path: string) => Promise<T>): Promise<T | undefined> =>
  path === undefined ? undefined : read(path);

const readPassword = async (path: string): Promise<string> => {
  const bytes = await readBounded(secretPath(path), 'password file', PASSWORD_BYTES_MAX);
  const password = Buffer.from(bytes)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (password === '') throw new NodeError('secretEmpty', `the password file ${path} is empty`);
  return password;
};

const readPem = async (path: string, what: string, label: string): Promise<Uint8Array> => {
  const bytes = await readBounded(path, what, PEM_BYTES_MAX);
  const text = Buffer.from(bytes).toString('latin1');
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    const mend = 'nobody is there to type its passphrase: store it decrypted, readable by this service alone';
    throw new NodeError('brokerPem', `the ${what} ${path} is encrypted, and ${mend}`);
  }
  if (new RegExp(`-----BEGIN ([A-Z]+ )?${label}-----`).test(text)) return bytes;
  const found = /-----BEGIN ([A-Z ]+)-----/.exec(text)?.[1] ?? 'no PEM at all';
  const mend = 'openssl x509 -inform der -in FILE makes PEM of a DER certificate';
  throw new NodeError('brokerPem', `the ${what} ${path} has to hold "BEGIN ${label}"; it holds ${found} (${mend})`);
};

/** OpenSSL itself says whether it can use them, and whether key and certificate belong together. */
const tryOut = ({ ca, cert, key }: BrokerEndpoint, paths: string): void => {
  const pem = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : Buffer.from(bytes));
  try {
    // An authority that cannot be read would be passed over in silence.
    if (ca !== undefined) new X509Certificate(ca);
    createSecureContext({ ca: pem(ca), cert: pem(cert), key: pem(key) });
  } catch (cause) {
    const reason = /mismatch/.test(errorMessage(cause))
      ? 'the key is not that of the certificate'
      : errorMessage(cause);
    throw new NodeError('brokerCertificate', `${paths} cannot be used: ${reason}`, { cause });
  }
};
