/** Encrypted messages: SMB2 TRANSFORM_HEADER ([MS-SMB2] §2.2.41, §3.1.4.3). */
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { DecodeError } from '#core/wire/reader.ts';

/** 0xFD 'S' 'M' 'B', little-endian. */
export const TRANSFORM_PROTOCOL_ID = 0x424d53fd;
export const TRANSFORM_HEADER_SIZE = 52;

/** SMB2_ENCRYPTION_CAPABILITIES (§2.2.3.1.2). */
export const CIPHER_AES128_CCM = 1;
export const CIPHER_AES128_GCM = 2;
export const CIPHER_AES256_CCM = 3;
export const CIPHER_AES256_GCM = 4;
export type CipherId =
  | typeof CIPHER_AES128_CCM
  | typeof CIPHER_AES128_GCM
  | typeof CIPHER_AES256_CCM
  | typeof CIPHER_AES256_GCM;

interface CcmCipher {
  readonly name: 'aes-128-ccm' | 'aes-256-ccm';
  readonly isCcm: true;
}
interface GcmCipher {
  readonly name: 'aes-128-gcm' | 'aes-256-gcm';
  readonly isCcm: false;
}
type CipherRow = (CcmCipher | GcmCipher) & { readonly keySize: number; readonly nonceSize: number };

export const ciphers: Readonly<Record<CipherId, CipherRow>> = {
  [CIPHER_AES128_CCM]: { name: 'aes-128-ccm', isCcm: true, keySize: 16, nonceSize: 11 },
  [CIPHER_AES128_GCM]: { name: 'aes-128-gcm', isCcm: false, keySize: 16, nonceSize: 12 },
  [CIPHER_AES256_CCM]: { name: 'aes-256-ccm', isCcm: true, keySize: 32, nonceSize: 11 },
  [CIPHER_AES256_GCM]: { name: 'aes-256-gcm', isCcm: false, keySize: 32, nonceSize: 12 },
};

export const isCipherId = (id: number): id is CipherId => id in ciphers;

const SIGNATURE_OFFSET = 4;
const SIGNATURE_SIZE = 16;
const NONCE_OFFSET = 20;
const SIZE_OFFSET = 36;
const FLAGS_OFFSET = 42;
const SESSION_OFFSET = 44;
const ENCRYPTED = 1;

/** SessionId of an encrypted message. Throws `DecodeError` for what is no transform header. */
export function transformSession(message: Buffer): bigint {
  if (message.length < TRANSFORM_HEADER_SIZE) {
    throw new DecodeError(`transform header: ${message.length} bytes, needs 52`);
  }
  return message.readBigUInt64LE(SESSION_OFFSET);
}

/** One direction of a session: the key, and nonces that are never used twice. */
export class Sealer {
  readonly #cipher: CipherRow;
  readonly #key: KeyObject;
  readonly #sessionId: bigint;
  /** Counted: with keys of a session's own, no nonce can come twice before 2^64 messages. */
  #nonce = 0n;

  constructor(cipher: CipherId, key: KeyObject, sessionId: bigint) {
    this.#cipher = ciphers[cipher];
    this.#key = key;
    this.#sessionId = sessionId;
  }

  /** The transform header of 52 bytes, and the encrypted message. */
  seal(message: Buffer): readonly [header: Buffer, sealed: Buffer] {
    const header = Buffer.alloc(TRANSFORM_HEADER_SIZE);
    header.writeUInt32LE(TRANSFORM_PROTOCOL_ID, 0);
    header.writeBigUInt64LE(this.#nonce, NONCE_OFFSET);
    this.#nonce += 1n;
    header.writeUInt32LE(message.length, SIZE_OFFSET);
    header.writeUInt16LE(ENCRYPTED, FLAGS_OFFSET);
    header.writeBigUInt64LE(this.#sessionId, SESSION_OFFSET);
    const { nonceSize } = this.#cipher;
    const nonce = header.subarray(NONCE_OFFSET, NONCE_OFFSET + nonceSize);
    const cipher = this.#cipher.isCcm
      ? createCipheriv(this.#cipher.name, this.#key, nonce, { authTagLength: SIGNATURE_SIZE })
      : createCipheriv(this.#cipher.name, this.#key, nonce);
    cipher.setAAD(header.subarray(NONCE_OFFSET), { plaintextLength: message.length });
    const sealed = cipher.update(message);
    cipher.final();
    cipher.getAuthTag().copy(header, SIGNATURE_OFFSET);
    return [header, sealed];
  }
}

export class Opener {
  readonly #cipher: CipherRow;
  readonly #key: KeyObject;

  constructor(cipher: CipherId, key: KeyObject) {
    this.#cipher = ciphers[cipher];
    this.#key = key;
  }

  /** The message within, in memory of its own. Throws `DecodeError` where it was made with another key or changed on the way. */
  open(message: Buffer): Buffer {
    const size = message.readUInt32LE(SIZE_OFFSET);
    const flags = message.readUInt16LE(FLAGS_OFFSET);
    if (size !== message.length - TRANSFORM_HEADER_SIZE || flags !== ENCRYPTED) {
      throw new DecodeError('transform header: says another size, or another algorithm');
    }
    const nonce = message.subarray(NONCE_OFFSET, NONCE_OFFSET + this.#cipher.nonceSize);
    const decipher = this.#cipher.isCcm
      ? createDecipheriv(this.#cipher.name, this.#key, nonce, { authTagLength: SIGNATURE_SIZE })
      : createDecipheriv(this.#cipher.name, this.#key, nonce);
    decipher.setAuthTag(message.subarray(SIGNATURE_OFFSET, SIGNATURE_OFFSET + SIGNATURE_SIZE));
    decipher.setAAD(message.subarray(NONCE_OFFSET, TRANSFORM_HEADER_SIZE), {
      plaintextLength: size,
    });
    try {
      const opened = decipher.update(message.subarray(TRANSFORM_HEADER_SIZE));
      decipher.final();
      return opened;
    } catch {
      throw new DecodeError('encrypted message: is not what its sender sealed');
    }
  }
}
