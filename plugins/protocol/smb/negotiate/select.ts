/** What is agreed on, of what the client offers ([MS-SMB2] §3.3.5.4). */
import type { Dialect } from '../connection-state.ts';
import {
  CIPHER_AES128_CCM,
  CIPHER_AES128_GCM,
  CIPHER_AES256_CCM,
  CIPHER_AES256_GCM,
  type CipherId,
} from '../crypto/encryption.ts';
import { PREAUTH_SHA512 } from '../crypto/preauth.ts';
import {
  SIGNING_AES_CMAC,
  SIGNING_AES_GMAC,
  SIGNING_HMAC_SHA256,
  type SigningAlgorithm,
} from '../crypto/signing.ts';
import {
  STATUS_INVALID_PARAMETER,
  STATUS_SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP,
} from '../status.ts';
import {
  type NegotiateContext,
  readList,
  readPreauth,
  SMB2_ENCRYPTION_CAPABILITIES,
  SMB2_PREAUTH_INTEGRITY_CAPABILITIES,
  SMB2_SIGNING_CAPABILITIES,
  writeList,
  writePreauth,
} from './contexts.ts';
import { DIALECTS } from './settings.ts';

/** From the one that costs least to the one that costs most, the strong before the weak. */
const CIPHERS: readonly CipherId[] = [
  CIPHER_AES128_GCM,
  CIPHER_AES256_GCM,
  CIPHER_AES128_CCM,
  CIPHER_AES256_CCM,
];
const SIGNINGS: readonly SigningAlgorithm[] = [
  SIGNING_AES_GMAC,
  SIGNING_AES_CMAC,
  SIGNING_HMAC_SHA256,
];
const SALT_SIZE = 32;

export const selectDialect = (offered: readonly number[]): Dialect | undefined =>
  DIALECTS.find((dialect) => offered.includes(dialect));

export interface Selection {
  readonly cipher: CipherId | undefined;
  readonly signing: SigningAlgorithm;
  /** For the response. */
  readonly contexts: readonly NegotiateContext[];
}

/** Of 3.1.1; a number is the status to refuse with. */
export function selectContexts(
  offered: readonly NegotiateContext[],
  random: (size: number) => Buffer,
): Selection | number {
  const of = (type: number): readonly NegotiateContext[] =>
    offered.filter((context) => context.type === type);
  const [preauth, ...morePreauths] = of(SMB2_PREAUTH_INTEGRITY_CAPABILITIES);
  const [encryption, ...moreEncryptions] = of(SMB2_ENCRYPTION_CAPABILITIES);
  const [signing, ...moreSignings] = of(SMB2_SIGNING_CAPABILITIES);
  const repeats = morePreauths.length + moreEncryptions.length + moreSignings.length > 0;
  if (preauth === undefined || repeats) return STATUS_INVALID_PARAMETER;
  const { hashes } = readPreauth(preauth.data);
  if (hashes.length === 0) return STATUS_INVALID_PARAMETER;
  if (!hashes.includes(PREAUTH_SHA512)) return STATUS_SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP;
  const contexts = [writePreauth({ hashes: [PREAUTH_SHA512], salt: random(SALT_SIZE) })];

  let cipher: CipherId | undefined;
  if (encryption !== undefined) {
    const ids = readList(encryption.data);
    if (ids.length === 0) return STATUS_INVALID_PARAMETER;
    cipher = CIPHERS.find((id) => ids.includes(id));
    contexts.push(writeList(SMB2_ENCRYPTION_CAPABILITIES, [cipher ?? 0]));
  }
  let algorithm: SigningAlgorithm | undefined;
  if (signing !== undefined) {
    const ids = readList(signing.data);
    if (ids.length === 0) return STATUS_INVALID_PARAMETER;
    algorithm = SIGNINGS.find((id) => ids.includes(id));
    if (algorithm !== undefined) contexts.push(writeList(SMB2_SIGNING_CAPABILITIES, [algorithm]));
  }
  return { cipher, signing: algorithm ?? SIGNING_AES_CMAC, contexts };
}

/** Below 3.1.1 the dialect says it all. */
export function selectByDialect(dialect: Dialect, encrypts: boolean): Selection {
  return {
    cipher: dialect >= 0x0300 && encrypts ? CIPHER_AES128_CCM : undefined,
    signing: dialect >= 0x0300 ? SIGNING_AES_CMAC : SIGNING_HMAC_SHA256,
    contexts: [],
  };
}
