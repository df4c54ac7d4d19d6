/** The three messages of NTLM ([MS-NLMP] §2.2.1), both ways. */
import { DecodeError } from '#core/wire/reader.ts';

export const NTLMSSP_NEGOTIATE_UNICODE = 0x0000_0001;
export const NTLMSSP_REQUEST_TARGET = 0x0000_0004;
export const NTLMSSP_NEGOTIATE_SIGN = 0x0000_0010;
export const NTLMSSP_NEGOTIATE_SEAL = 0x0000_0020;
export const NTLMSSP_NEGOTIATE_NTLM = 0x0000_0200;
export const NTLMSSP_ANONYMOUS = 0x0000_0800;
export const NTLMSSP_NEGOTIATE_ALWAYS_SIGN = 0x0000_8000;
export const NTLMSSP_TARGET_TYPE_SERVER = 0x0002_0000;
export const NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY = 0x0008_0000;
export const NTLMSSP_NEGOTIATE_TARGET_INFO = 0x0080_0000;
export const NTLMSSP_NEGOTIATE_VERSION = 0x0200_0000;
export const NTLMSSP_NEGOTIATE_128 = 0x2000_0000;
export const NTLMSSP_NEGOTIATE_KEY_EXCH = 0x4000_0000;
export const NTLMSSP_NEGOTIATE_56 = 0x8000_0000;

const SIGNATURE = Buffer.from('NTLMSSP\0', 'latin1');
/** Where the MIC stands in AUTHENTICATE (§2.2.1.3): behind the flags and the version. */
export const MIC_OFFSET = 72;
export const MIC_SIZE = 16;
/** Windows 10, NTLM revision 15: what §2.2.2.10 asks of whoever negotiates a version. */
const VERSION = Buffer.from('0a0063450000000f', 'hex');

export type NtlmMessageType = 1 | 2 | 3;

export const isNtlm = (token: Buffer): boolean => token.subarray(0, 8).equals(SIGNATURE);

export function messageType(token: Buffer): NtlmMessageType {
  if (!isNtlm(token) || token.length < 12) throw new DecodeError('NTLM: is not a message of it');
  const type = token.readUInt32LE(8);
  if (type !== 1 && type !== 2 && type !== 3) throw new DecodeError(`NTLM: message type ${type}`);
  return type;
}

export interface NegotiateMessage {
  readonly flags: number;
}

export function readNegotiate(token: Buffer): NegotiateMessage {
  if (messageType(token) !== 1 || token.length < 16) throw new DecodeError('NTLM NEGOTIATE: cut');
  return { flags: token.readUInt32LE(12) };
}

export function writeNegotiate({ flags }: NegotiateMessage): Buffer {
  const token = Buffer.alloc(40);
  SIGNATURE.copy(token);
  token.writeUInt32LE(1, 8);
  token.writeUInt32LE(flags >>> 0, 12);
  VERSION.copy(token, 32);
  return token;
}

export interface ChallengeMessage {
  readonly flags: number;
  /** 8 bytes. */
  readonly serverChallenge: Buffer;
  readonly targetName: string;
  /** AV pairs. */
  readonly targetInfo: Buffer;
}

export function writeChallenge(message: ChallengeMessage): Buffer {
  const name = Buffer.from(message.targetName, 'utf16le');
  const head = Buffer.alloc(56);
  SIGNATURE.copy(head);
  head.writeUInt32LE(2, 8);
  writeField(head, 12, name.length, 56);
  head.writeUInt32LE(message.flags >>> 0, 20);
  message.serverChallenge.copy(head, 24);
  writeField(head, 40, message.targetInfo.length, 56 + name.length);
  VERSION.copy(head, 48);
  return Buffer.concat([head, name, message.targetInfo]);
}

export function readChallenge(token: Buffer): ChallengeMessage {
  if (messageType(token) !== 2 || token.length < 48) throw new DecodeError('NTLM CHALLENGE: cut');
  return {
    flags: token.readUInt32LE(20),
    serverChallenge: token.subarray(24, 32),
    targetName: readField(token, 12).toString('utf16le'),
    targetInfo: readField(token, 40),
  };
}

export interface AuthenticateMessage {
  readonly flags: number;
  readonly lmResponse: Buffer;
  readonly ntResponse: Buffer;
  readonly domain: string;
  readonly user: string;
  readonly workstation: string;
  /** Encrypted under the key that the response gave; empty without key exchange. */
  readonly sessionKey: Buffer;
  /** 16 bytes; whether it means anything, the AV pairs of the response say. */
  readonly mic: Buffer | undefined;
}

/** Views into `token`. */
export function readAuthenticate(token: Buffer): AuthenticateMessage {
  if (messageType(token) !== 3 || token.length < 64) {
    throw new DecodeError('NTLM AUTHENTICATE: cut');
  }
  const flags = token.readUInt32LE(60);
  const isUnicode = (flags & NTLMSSP_NEGOTIATE_UNICODE) !== 0;
  const text = (offset: number): string =>
    readField(token, offset).toString(isUnicode ? 'utf16le' : 'latin1');
  const hasMic = token.length >= MIC_OFFSET + MIC_SIZE;
  return {
    flags,
    lmResponse: readField(token, 12),
    ntResponse: readField(token, 20),
    domain: text(28),
    user: text(36),
    workstation: text(44),
    sessionKey: readField(token, 52),
    mic: hasMic ? token.subarray(MIC_OFFSET, MIC_OFFSET + MIC_SIZE) : undefined,
  };
}

/** With room for the MIC, which is zero: see `MIC_OFFSET`. */
export function writeAuthenticate(message: Omit<AuthenticateMessage, 'mic'>): Buffer {
  const head = Buffer.alloc(MIC_OFFSET + MIC_SIZE);
  SIGNATURE.copy(head);
  head.writeUInt32LE(3, 8);
  head.writeUInt32LE(message.flags >>> 0, 60);
  VERSION.copy(head, 64);
  const fields: readonly (readonly [number, Buffer])[] = [
    [28, Buffer.from(message.domain, 'utf16le')],
    [36, Buffer.from(message.user, 'utf16le')],
    [44, Buffer.from(message.workstation, 'utf16le')],
    [12, message.lmResponse],
    [20, message.ntResponse],
    [52, message.sessionKey],
  ];
  let at = head.length;
  for (const [offset, value] of fields) {
    writeField(head, offset, value.length, at);
    at += value.length;
  }
  return Buffer.concat([head, ...fields.map(([, value]) => value)]);
}

function writeField(head: Buffer, offset: number, size: number, at: number): void {
  head.writeUInt16LE(size, offset);
  head.writeUInt16LE(size, offset + 2);
  head.writeUInt32LE(at, offset + 4);
}

function readField(token: Buffer, offset: number): Buffer {
  const size = token.readUInt16LE(offset);
  if (size === 0) return token.subarray(0, 0);
  const at = token.readUInt32LE(offset + 4);
  if (at > token.length || size > token.length - at) {
    throw new DecodeError(`NTLM: ${size} bytes at ${at} lie outside of the message`);
  }
  return token.subarray(at, at + size);
}
