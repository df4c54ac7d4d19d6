/** What goes beside the files of a release, so that whoever gets them can tell that they are ours. */
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export const SUMS = 'SHA256SUMS';
export const SIGNATURE = 'SHA256SUMS.sig';

/** Writes `SHA256SUMS` as `sha256sum --check` reads it. */
export function writeSums(folder: string, files: readonly string[]): void {
  const lines = [...files].sort().map((file) => {
    const sum = createHash('sha256').update(readFileSync(file)).digest('hex');
    return `${sum}  ${basename(file)}\n`;
  });
  writeFileSync(join(folder, SUMS), lines.join(''));
}

/**
 * Signs the sums, 64 bytes of Ed25519 as `openssl pkeyutl -verify -rawin` reads them.
 * @param key PKCS #8, PEM: `openssl genpkey -algorithm ed25519`.
 */
export function signSums(folder: string, key: string): void {
  const privateKey = createPrivateKey(key);
  if (privateKey.asymmetricKeyType !== 'ed25519') {
    throw new Error(`key: is ${privateKey.asymmetricKeyType}, must be ed25519`);
  }
  const sums = readFileSync(join(folder, SUMS));
  writeFileSync(join(folder, SIGNATURE), sign(null, sums, privateKey));
}

/** @param key Public or private, PEM. */
export function isSigned(folder: string, key: string): boolean {
  const [sums, signature] = [SUMS, SIGNATURE].map((name) => readFileSync(join(folder, name)));
  if (sums === undefined || signature === undefined) return false;
  return verify(null, sums, createPublicKey(key), signature);
}
