/** What NTLMv2 computes ([MS-NLMP] §3.3.2, §3.4.4, §3.4.5), for the server and for the client of the tests. */
import { createHash, createHmac } from 'node:crypto';
import { md4 } from '../crypto/md4.ts';
import { rc4 } from '../crypto/rc4.ts';

/** Bytes of NTProofStr, which an NTLMv2 response begins with. */
export const PROOF_SIZE = 16;

const hmacMd5 = (key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer => {
  const hmac = createHmac('md5', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
};

/** NTOWFv1: 16 bytes. */
export const ntHashOf = (password: string): Buffer => md4(Buffer.from(password, 'utf16le'));

/** NTOWFv2. */
export function responseKey(ntHash: Uint8Array, user: string, domain: string): Buffer {
  return hmacMd5(ntHash, Buffer.from(user.toUpperCase() + domain, 'utf16le'));
}

/** @param blob The response behind its proof: NTLMv2_CLIENT_CHALLENGE (§2.2.2.7). */
export function proofOf(key: Uint8Array, serverChallenge: Uint8Array, blob: Uint8Array): Buffer {
  return hmacMd5(key, serverChallenge, blob);
}

export const sessionBaseKey = (key: Uint8Array, proof: Uint8Array): Buffer => hmacMd5(key, proof);

/** Seals the exported session key under the key exchange key, and opens it. */
export const exchanged = (key: Uint8Array, sessionKey: Uint8Array): Buffer => rc4(key, sessionKey);

/** Over the three messages as they were sent, the MIC's own place zero (§3.1.5.1.2). */
export function micOf(sessionKey: Uint8Array, ...messages: readonly Uint8Array[]): Buffer {
  return hmacMd5(sessionKey, ...messages);
}

const SIGN_MAGIC = {
  client: 'session key to client-to-server signing key magic constant\0',
  server: 'session key to server-to-client signing key magic constant\0',
} as const;
const SEAL_MAGIC = {
  client: 'session key to client-to-server sealing key magic constant\0',
  server: 'session key to server-to-client sealing key magic constant\0',
} as const;

const md5 = (...parts: readonly (Uint8Array | string)[]): Buffer => {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/**
 * The first signature (sequence number 0) of one side, with extended session security (§3.4.4.2): for mechListMIC.
 * @param keyExchange NTLMSSP_NEGOTIATE_KEY_EXCH was agreed on: the checksum is sealed.
 */
export function firstSignature(
  side: 'client' | 'server',
  sessionKey: Uint8Array,
  keyExchange: boolean,
  message: Uint8Array,
): Buffer {
  const sequence = Buffer.alloc(4);
  const checksum = hmacMd5(md5(sessionKey, SIGN_MAGIC[side]), sequence, message).subarray(0, 8);
  const sealed = keyExchange ? rc4(md5(sessionKey, SEAL_MAGIC[side]), checksum) : checksum;
  return Buffer.concat([Buffer.from([1, 0, 0, 0]), sealed, sequence]);
}
