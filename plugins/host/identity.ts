/** A box's key and self-signed certificate: what other boxes pin when they are paired with it. */
import { createHash, createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from './disk.ts';
import { codeOf } from './errors.ts';

/** Years until the certificate ends. It is pinned, not trusted through an issuer, so there is nobody to renew it. */
const VALID_YEARS = 20;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Milliseconds before now that it already counts: boxes without a clock battery wake up in the past. */
const EARLY_MS = 365 * DAY_MS;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export interface Identity {
  /** PKCS #8, PEM. */
  readonly key: string;
  /** PEM. */
  readonly certificate: string;
  /** SHA-256 of the certificate (DER), lower-case hex. */
  readonly fingerprint: string;
}

/** SHA-256 of a certificate, DER or PEM, as lower-case hex. */
export function fingerprintOf(certificate: string | Uint8Array): string {
  const der = typeof certificate === 'string' ? new X509Certificate(certificate).raw : certificate;
  return createHash('sha256').update(der).digest('hex');
}

/** Makes a new key and a certificate for it; `name` is the box's, shown to people and trusted by nobody. */
export async function createIdentity(name: string): Promise<Identity> {
  await import('./reflect.ts');
  const x509 = await import('@peculiar/x509');
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const now = Date.now();
  const made = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: [{ CN: [name] }],
      notBefore: new Date(now - EARLY_MS),
      notAfter: new Date(now + VALID_YEARS * 365 * DAY_MS),
      signingAlgorithm: ALGORITHM,
      keys,
    },
    webcrypto,
  );
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const certificate = made.toString('pem');
  return {
    key: x509.PemConverter.encode(key, 'PRIVATE KEY'),
    certificate,
    fingerprint: fingerprintOf(certificate),
  };
}

/** Reads `identity.pem` of a folder; makes and keeps one, mode 0600, when there is none. */
export async function loadIdentity(folder: string, name: string): Promise<Identity> {
  const path = join(folder, 'identity.pem');
  try {
    return split(readFileSync(path, 'utf8'), path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  const made = await createIdentity(name);
  replaceFile(path, Buffer.from(`${made.key}\n${made.certificate}\n`));
  return made;
}

/** Key and certificate share a file, so that no crash can part them. */
function split(pem: string, path: string): Identity {
  const blocks = pem.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? [];
  const [key, certificate] = blocks;
  const advice = 'restore the file, or remove it and pair this box anew';
  if (key === undefined || certificate === undefined) {
    throw new Error(`${path}: key or certificate is missing; ${advice}`);
  }
  try {
    const fits = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
    if (fits) return { key, certificate, fingerprint: fingerprintOf(certificate) };
  } catch {
    throw new Error(`${path}: key or certificate is damaged; ${advice}`);
  }
  throw new Error(`${path}: the key is not the certificate's; ${advice}`);
}
