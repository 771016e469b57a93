import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isInstalled } from './installed.ts';
import { temporaryFolder } from './machine-recording.ts';

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Paths of PEM files. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends Identity {
  /** Signs a certificate. @param names what it is good for, as OpenSSL writes it: `IP:127.0.0.1`, `DNS:broker` */
  issue(commonName: string, options?: { names?: string; days?: number }): Identity;
}

export const opensslPresent = (): boolean => isInstalled('openssl');

const openssl = (...args: string[]): void => {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
};

/** A certificate authority of this test alone, made with OpenSSL. */
export const createAuthority = async (commonName: string): Promise<Authority> => {
  const folder = await temporaryFolder();
  const [cert, key] = [join(folder, 'ca.pem'), join(folder, 'ca.key')];
  openssl('req', '-x509', ...NEW_KEY, '-keyout', key, '-out', cert, '-days', '2', '-subj', `/CN=${commonName}`);
  let serial = 1;
  return {
    cert,
    key,
    issue: (name, { names = 'DNS:none.invalid', days = 1 } = {}) => {
      serial += 1;
      const own = (suffix: string): string => join(folder, `${serial}.${suffix}`);
      writeFileSync(own('ext'), `subjectAltName=${names}\n`);
      openssl('req', ...NEW_KEY, '-keyout', own('key'), '-out', own('csr'), '-subj', `/CN=${name}`);
      const signing = ['-CA', cert, '-CAkey', key, '-set_serial', String(serial), '-extfile', own('ext')];
      openssl('x509', '-req', '-in', own('csr'), ...signing, '-days', String(days), '-out', own('pem'));
      return { cert: own('pem'), key: own('key') };
    },
  };
};

/** What a TLS server or an endpoint takes. */
export const pemsOf = ({ cert, key }: Identity): { cert: Buffer; key: Buffer } => ({
  cert: readFileSync(cert),
  key: readFileSync(key),
});
