/** The keys of a session ([MS-SMB2] §3.1.4.2): SP800-108 in counter mode with HMAC-SHA256. */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { Dialect } from '../connection-state.ts';

/** One label and context of the table in §3.1.4.2. Both are bytes with their terminating zero. */
interface Purpose {
  readonly label: string;
  readonly context: string;
}

/** 3.0 and 3.0.2; in 3.1.1 the context is the preauthentication hash. */
const PURPOSES_300 = {
  signing: { label: 'SMB2AESCMAC\0', context: 'SmbSign\0' },
  application: { label: 'SMB2APP\0', context: 'SmbRpc\0' },
  clientToServer: { label: 'SMB2AESCCM\0', context: 'ServerIn \0' },
  serverToClient: { label: 'SMB2AESCCM\0', context: 'ServerOut\0' },
} as const satisfies Readonly<Record<string, Purpose>>;

const LABELS_311 = {
  signing: 'SMBSigningKey\0',
  application: 'SMBAppKey\0',
  clientToServer: 'SMBC2SCipherKey\0',
  serverToClient: 'SMBS2CCipherKey\0',
} as const;

export interface SessionKeys {
  readonly signing: KeyObject;
  readonly application: Buffer;
  /** Of 3.x. */
  readonly clientToServer: KeyObject | undefined;
  readonly serverToClient: KeyObject | undefined;
}

/** Counter and length are 32 bits; `size` bytes, at most 32. */
export function deriveKey(key: Uint8Array, label: Buffer, context: Buffer, size: number): Buffer {
  const counter = Buffer.from([0, 0, 0, 1]);
  const bits = Buffer.alloc(4);
  bits.writeUInt32BE(8 * size);
  return createHmac('sha256', key)
    .update(counter)
    .update(label)
    .update(Buffer.from([0]))
    .update(context)
    .update(bits)
    .digest()
    .subarray(0, size);
}

/**
 * @param sessionKey 16 bytes: Session.SessionKey. NTLM has no longer one, so it is the full key as well.
 * @param preauthHash Of this session's exchange; used in 3.1.1.
 * @param cipherKeySize 16, or 32 where a cipher of 256 bits was negotiated.
 */
export function sessionKeys(
  dialect: Dialect,
  sessionKey: Buffer,
  preauthHash: Buffer,
  cipherKeySize: number,
): SessionKeys {
  if (dialect < 0x0300) {
    const signing = createSecretKey(sessionKey);
    return {
      signing,
      application: sessionKey,
      clientToServer: undefined,
      serverToClient: undefined,
    };
  }
  const derive = (purpose: keyof typeof PURPOSES_300, size: number): Buffer => {
    if (dialect === 0x0311) {
      return deriveKey(sessionKey, Buffer.from(LABELS_311[purpose]), preauthHash, size);
    }
    const { label, context } = PURPOSES_300[purpose];
    return deriveKey(sessionKey, Buffer.from(label), Buffer.from(context), size);
  };
  return {
    signing: createSecretKey(derive('signing', 16)),
    application: derive('application', 16),
    clientToServer: createSecretKey(derive('clientToServer', cipherKeySize)),
    serverToClient: createSecretKey(derive('serverToClient', cipherKeySize)),
  };
}
