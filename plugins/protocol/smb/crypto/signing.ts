/** Signatures of messages ([MS-SMB2] §3.1.4.1). */
import { createCipheriv, createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { SMB2_FLAGS_SERVER_TO_REDIR, SMB2_FLAGS_SIGNED } from '../wire/header.ts';
import { Cmac } from './cmac.ts';

/** SMB2_SIGNING_CAPABILITIES (§2.2.3.1.7). */
export const SIGNING_HMAC_SHA256 = 0;
export const SIGNING_AES_CMAC = 1;
export const SIGNING_AES_GMAC = 2;
export type SigningAlgorithm =
  | typeof SIGNING_HMAC_SHA256
  | typeof SIGNING_AES_CMAC
  | typeof SIGNING_AES_GMAC;

const SIGNATURE_OFFSET = 48;
const SIGNATURE_SIZE = 16;
const ZEROS = Buffer.alloc(SIGNATURE_SIZE);
const CANCEL = 0x000c;
/** Bits of the nonce's last word: who sent the message, and whether it is a CANCEL, whose MessageId is another request's. */
const NONCE_SERVER = 1;
const NONCE_CANCEL = 2;

type Mac = (message: Buffer, nonce: Buffer) => Buffer;

/** Signs and verifies with one key. */
export class Signer {
  readonly algorithm: SigningAlgorithm;
  readonly #mac: Mac;

  constructor(algorithm: SigningAlgorithm, key: KeyObject) {
    this.algorithm = algorithm;
    this.#mac = macs[algorithm](key);
  }

  /** Two messages with one MessageId would be signed with one nonce. */
  get noncesRepeat(): boolean {
    return this.algorithm === SIGNING_AES_GMAC;
  }

  /** Sets the flag and puts the signature in; `message` is one header with its body and padding. */
  sign(message: Buffer): void {
    message.writeUInt32LE((message.readUInt32LE(16) | SMB2_FLAGS_SIGNED) >>> 0, 16);
    this.#mac(message, nonceOf(message)).copy(message, SIGNATURE_OFFSET, 0, SIGNATURE_SIZE);
  }

  verifies(message: Buffer): boolean {
    const given = message.subarray(SIGNATURE_OFFSET, SIGNATURE_OFFSET + SIGNATURE_SIZE);
    const right = this.#mac(message, nonceOf(message)).subarray(0, SIGNATURE_SIZE);
    return timingSafeEqual(given, right);
  }
}

const macs: Readonly<Record<SigningAlgorithm, (key: KeyObject) => Mac>> = {
  [SIGNING_HMAC_SHA256]: (key) => (message) => {
    const hmac = createHmac('sha256', key);
    for (const piece of withoutSignature(message)) hmac.update(piece);
    return hmac.digest();
  },
  [SIGNING_AES_CMAC]: (key) => {
    const cmac = new Cmac(key);
    return (message) => cmac.digest(withoutSignature(message));
  },
  [SIGNING_AES_GMAC]: (key) => (message, nonce) => {
    const cipher = createCipheriv('aes-128-gcm', key, nonce);
    for (const piece of withoutSignature(message)) cipher.setAAD(piece);
    cipher.final();
    return cipher.getAuthTag();
  },
};

function withoutSignature(message: Buffer): readonly [Buffer, Buffer, Buffer] {
  const after = SIGNATURE_OFFSET + SIGNATURE_SIZE;
  return [message.subarray(0, SIGNATURE_OFFSET), ZEROS, message.subarray(after)];
}

/** 12 bytes: MessageId, then the two bits; only GMAC asks for it. */
function nonceOf(message: Buffer): Buffer {
  const nonce = Buffer.alloc(12);
  message.copy(nonce, 0, 24, 32);
  const isServer = (message.readUInt32LE(16) & SMB2_FLAGS_SERVER_TO_REDIR) !== 0;
  const isCancel = message.readUInt16LE(12) === CANCEL;
  nonce.writeUInt32LE((isServer ? NONCE_SERVER : 0) | (isCancel ? NONCE_CANCEL : 0), 8);
  return nonce;
}
