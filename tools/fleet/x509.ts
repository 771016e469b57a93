// tsyringe, below @peculiar/x509, looks for Reflect.getMetadata when it is loaded.
import 'reflect-metadata';
import { createPrivateKey, createPublicKey, generateKeyPairSync, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

/** Every TLS library speaks P-256 with SHA-256, also on a PLC; Ed25519 certificates few of them do. */
const EC = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 3_600 * 1_000;
/** A gateway whose clock is a little behind, or in the wrong time zone, accepts a certificate of today. */
const EARLIER_MS = DAY_MS;

/** X.520 names of a subject; all that a broker can tell its clients apart by. */
export interface Subject {
  readonly organisation: string;
  readonly units?: readonly string[];
  /** At most 64 characters (RFC 5280, `ub-common-name`). */
  readonly commonName: string;
}

export interface Validity {
  readonly fromUnixMs: number;
  readonly days: number;
}

/** The site's authority: what signs certificates. PEM. */
export interface Authority {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateOrder {
  readonly subject: Subject;
  readonly serial: number;
  readonly validity: Validity;
  /** SPKI in PEM: P-256, or the node's Ed25519 key itself. */
  readonly publicKey: string;
  /** Names and addresses of a server; none for what is only ever a client. */
  readonly hosts: readonly string[];
  /** The holder is somebody who connects. */
  readonly isClient: boolean;
}

/** A new P-256 key in PEM: PKCS #8 and SPKI. */
export const createTlsKey = (): { readonly privateKey: string; readonly publicKey: string } => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: EC.namedCurve });
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }) as string,
  };
};

/** A site's authority, signed by itself; it may sign certificates, and none that sign others. */
export const createAuthority = async (subject: Subject, validity: Validity): Promise<Authority> => {
  const { privateKey, publicKey } = createTlsKey();
  const keys = { privateKey: await signingKey(privateKey), publicKey: await verifyingKey(publicKey) };
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...{ serialNumber: '01', name: nameOf(subject), keys, signingAlgorithm: SIGNING, ...datesOf(validity) },
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: privateKey };
};

/** A certificate in PEM. */
export const issueCertificate = async (authority: Authority, order: CertificateOrder): Promise<string> => {
  const issuer = new x509.X509Certificate(authority.certificate);
  const publicKey = createPublicKey(order.publicKey).export({ type: 'spki', format: 'der' });
  const { clientAuth, serverAuth } = x509.ExtendedKeyUsage;
  const hosts = order.hosts.map((host) => ({
    type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const),
    value: host,
  }));
  const certificate = await x509.X509CertificateGenerator.create({
    ...{ serialNumber: hexOf(order.serial), subject: nameOf(order.subject), issuer: issuer.subjectName.toJSON() },
    ...{
      publicKey,
      signingKey: await signingKey(authority.key),
      signingAlgorithm: SIGNING,
      ...datesOf(order.validity),
    },
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        ...(order.isClient ? [clientAuth] : []),
        ...(hosts.length > 0 ? [serverAuth] : []),
      ]),
      ...(hosts.length > 0 ? [new x509.SubjectAlternativeNameExtension(hosts)] : []),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return `${certificate.toString('pem')}\n`;
};

/** The list of revoked certificates (RFC 5280 §5) in PEM, for brokers that know nothing of ours. */
export const issueRevocationList = async (
  authority: Authority,
  { serials, validity }: { readonly serials: readonly number[]; readonly validity: Validity },
): Promise<string> => {
  const { notBefore, notAfter } = datesOf(validity);
  const list = await x509.X509CrlGenerator.create({
    issuer: new x509.X509Certificate(authority.certificate).subjectName.toJSON(),
    ...{ thisUpdate: notBefore, nextUpdate: notAfter },
    entries: serials.map((serial) => ({ serialNumber: hexOf(serial), revocationDate: notBefore })),
    ...{ signingAlgorithm: SIGNING, signingKey: await signingKey(authority.key) },
  });
  // The library writes "BEGIN CRL"; OpenSSL reads the label of RFC 7468 §7 alone.
  return `${x509.PemConverter.encode(list.rawData, 'X509 CRL')}\n`;
};

const nameOf = ({ organisation, units = [], commonName }: Subject): x509.JsonName => [
  { O: [organisation] },
  ...units.map((unit) => ({ OU: [unit] })),
  { CN: [commonName] },
];

const datesOf = ({ fromUnixMs, days }: Validity) => ({
  notBefore: new Date(fromUnixMs - EARLIER_MS),
  notAfter: new Date(fromUnixMs + days * DAY_MS),
});

/** Whole bytes, the first bit 0: DER integers have a sign (X.690 §8.3). */
const hexOf = (serial: number): string => {
  const hex = serial.toString(16);
  const whole = hex.length % 2 === 0 ? hex : `0${hex}`;
  return Number.parseInt(whole[0]!, 16) >= 8 ? `00${whole}` : whole;
};

const signingKey = (pem: string): Promise<webcrypto.CryptoKey> => {
  const bytes = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', bytes, EC, false, ['sign']);
};

const verifyingKey = (pem: string): Promise<webcrypto.CryptoKey> => {
  const bytes = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  return webcrypto.subtle.importKey('spki', bytes, EC, true, ['verify']);
};
