/** From an open connection to a share: NEGOTIATE, SESSION_SETUP, TREE_CONNECT, and the check against downgrades. */

import { randomBytes } from 'node:crypto';
import { createRandom } from '#plugins/host/random.ts';
import { NtlmInitiator } from '#plugins/protocol/smb/auth/ntlm-initiator.ts';
import {
  CIPHER_AES128_CCM,
  CIPHER_AES128_GCM,
  CIPHER_AES256_GCM,
  type CipherId,
  ciphers,
  Opener,
  Sealer,
} from '#plugins/protocol/smb/crypto/encryption.ts';
import { sessionKeys } from '#plugins/protocol/smb/crypto/kdf.ts';
import { PREAUTH_START, preauth } from '#plugins/protocol/smb/crypto/preauth.ts';
import {
  SIGNING_AES_CMAC,
  SIGNING_AES_GMAC,
  SIGNING_HMAC_SHA256,
  Signer,
  type SigningAlgorithm,
} from '#plugins/protocol/smb/crypto/signing.ts';
import { SmbReader } from '#plugins/protocol/smb/wire/reader.ts';
import type { SmbWriter } from '#plugins/protocol/smb/wire/writer.ts';
import type { SmbTarget } from '../../lab/smb-target.ts';
import type { Wire } from './wire.ts';

export const DIALECTS = [0x0202, 0x0210, 0x0300, 0x0302, 0x0311] as const;
export type Dialect = (typeof DIALECTS)[number];

export interface Login {
  readonly target: SmbTarget;
  readonly dialect: Dialect;
  readonly isSealed: boolean;
  /** 16 bytes, the same for as long as the client lives. */
  readonly clientGuid: Buffer;
  /** 0 with the first session. */
  readonly previousSessionId: bigint;
}

/** What must be the same on whatever box answers ([MS-SMB2] §3.2.5.14.12). */
export interface Server {
  readonly guid: string;
  readonly capabilities: number;
  readonly securityMode: number;
  readonly maxReadSize: number;
  readonly maxWriteSize: number;
}

export interface LoggedIn {
  readonly treeId: number;
  readonly server: Server;
}

/** An NTSTATUS where a success was due. */
export class Refused extends Error {
  readonly status: number;

  constructor(what: string, status: number) {
    super(`${what}: NTSTATUS ${status.toString(16)}`);
    this.status = status;
  }
}

const NEGOTIATE = 0x0000;
const SESSION_SETUP = 0x0001;
const TREE_CONNECT = 0x0003;
const IOCTL = 0x000b;
const MORE_PROCESSING_REQUIRED = 0xc0000016;
const SIGNING_REQUIRED = 0x2;
/** Leasing, large MTU, encryption; directory leasing is for who asks for it. */
const CAPABILITIES = 0x2 | 0x4 | 0x40;
const LARGE_MTU = 0x4;
const FSCTL_VALIDATE_NEGOTIATE_INFO = 0x0014_0204;

const CONTEXT_PREAUTH = 1;
const CONTEXT_ENCRYPTION = 2;
const CONTEXT_SIGNING = 8;

interface Negotiated {
  readonly server: Server;
  readonly cipher: CipherId;
  readonly signing: SigningAlgorithm;
  /** Of the connection: over both messages. */
  readonly hash: Buffer;
}

/** Rejects with `Refused` or `Gone`; the wire's session is set when it resolves. */
export async function login(wire: Wire, options: Login): Promise<LoggedIn> {
  const negotiated = await negotiate(wire, options);
  await setUpSession(wire, options, negotiated);
  const treeId = await connectTree(wire, options.target);
  const { dialect } = options;
  // 3.1.1 has its hash instead.
  if (dialect === 0x0300 || dialect === 0x0302) await validate(wire, options, treeId, negotiated);
  return { treeId, server: negotiated.server };
}

async function negotiate(wire: Wire, { dialect, clientGuid }: Login): Promise<Negotiated> {
  let hash: Buffer = PREAUTH_START;
  const { status, from, bytes } = await wire.exchange(
    NEGOTIATE,
    (to) => writeNegotiateRequest(to, dialect, clientGuid),
    {
      sent: (message) => {
        hash = preauth(hash, message);
      },
    },
  );
  if (status !== 0) throw new Refused('NEGOTIATE', status);
  hash = preauth(hash, bytes);
  from.structureSize(65);
  const securityMode = from.u16();
  if (from.u16() !== dialect) throw new Error('NEGOTIATE: another dialect than the one asked for');
  const contextCount = from.u16();
  const guid = from.raw(16).toString('hex');
  const capabilities = from.u32();
  from.skip(4);
  const [maxReadSize, maxWriteSize] = [from.u32(), from.u32()];
  // The two times; what the server says of its start must not tell the boxes apart, which is not asked here.
  from.skip(16 + 4);
  const contextOffset = from.u32();
  wire.hasMultiCredit = dialect > 0x0202 && (capabilities & LARGE_MTU) !== 0;
  const server = { guid, capabilities, securityMode, maxReadSize, maxWriteSize };
  const chosen = dialect === 0x0311 ? readContexts(bytes, contextOffset, contextCount) : {};
  const own = dialect < 0x0300 ? SIGNING_HMAC_SHA256 : SIGNING_AES_CMAC;
  return {
    server,
    hash,
    cipher: chosen.cipher ?? CIPHER_AES128_CCM,
    signing: chosen.signing ?? own,
  };
}

function writeNegotiateRequest(to: SmbWriter, dialect: Dialect, clientGuid: Buffer): void {
  to.u16(36);
  to.u16(1);
  to.u16(SIGNING_REQUIRED);
  to.u16(0);
  to.u32(dialect < 0x0300 ? 0 : CAPABILITIES);
  to.raw(dialect === 0x0202 ? Buffer.alloc(16) : clientGuid);
  const isNewest = dialect === 0x0311;
  // Header, body and one dialect make 102 bytes; contexts stand at multiples of 8.
  to.u32(isNewest ? 104 : 0);
  to.u16(isNewest ? 3 : 0);
  to.u16(0);
  to.u16(dialect);
  if (!isNewest) return;
  const salt = randomBytes(32);
  writeContext(to, CONTEXT_PREAUTH, [1, salt.length, 1], salt);
  writeContext(to, CONTEXT_ENCRYPTION, [
    3,
    CIPHER_AES128_GCM,
    CIPHER_AES256_GCM,
    CIPHER_AES128_CCM,
  ]);
  writeContext(to, CONTEXT_SIGNING, [2, SIGNING_AES_GMAC, SIGNING_AES_CMAC]);
}

function writeContext(
  to: SmbWriter,
  type: number,
  words: readonly number[],
  rest: Buffer = Buffer.alloc(0),
): void {
  to.align(8);
  to.u16(type);
  to.u16(words.length * 2 + rest.length);
  to.u32(0);
  for (const word of words) to.u16(word);
  to.raw(rest);
}

function readContexts(
  bytes: Buffer,
  offset: number,
  count: number,
): { cipher?: CipherId; signing?: SigningAlgorithm } {
  let chosen: { cipher?: CipherId; signing?: SigningAlgorithm } = {};
  for (let index = 0, at = offset; index < count; index += 1) {
    const type = bytes.readUInt16LE(at);
    const size = bytes.readUInt16LE(at + 2);
    const value = size >= 4 ? bytes.readUInt16LE(at + 10) : 0;
    if (type === CONTEXT_ENCRYPTION) chosen = { ...chosen, cipher: value as CipherId };
    if (type === CONTEXT_SIGNING) chosen = { ...chosen, signing: value as SigningAlgorithm };
    at += Math.ceil((8 + size) / 8) * 8;
  }
  return chosen;
}

async function setUpSession(wire: Wire, options: Login, negotiated: Negotiated): Promise<void> {
  const { target, dialect, isSealed, previousSessionId } = options;
  const ntlm = new NtlmInitiator(target, createRandom());
  let { hash } = negotiated;
  const step = async (token: Buffer) => {
    const sent = (message: Buffer): void => {
      hash = preauth(hash, message);
    };
    const body = (to: SmbWriter) => writeSessionSetup(to, token, previousSessionId);
    return wire.exchange(SESSION_SETUP, body, { sent });
  };
  const first = await step(ntlm.first());
  if (first.status !== MORE_PROCESSING_REQUIRED) throw new Refused('SESSION_SETUP', first.status);
  hash = preauth(hash, first.bytes);
  wire.sessionId = first.header.sessionId;
  const last = await step(ntlm.next(tokenOf(first.from)));
  if (last.status !== 0) throw new Refused('SESSION_SETUP', last.status);
  const { cipher, signing } = negotiated;
  const keys = sessionKeys(dialect, ntlm.sessionKey, hash, ciphers[cipher].keySize);
  const signer = new Signer(signing, keys.signing);
  if (!signer.verifies(last.bytes)) throw new Error('SESSION_SETUP: a wrong signature');
  wire.signer = signer;
  if (!isSealed || keys.clientToServer === undefined || keys.serverToClient === undefined) return;
  wire.sealer = new Sealer(cipher, keys.clientToServer, wire.sessionId);
  wire.opener = new Opener(cipher, keys.serverToClient);
}

function writeSessionSetup(to: SmbWriter, token: Buffer, previousSessionId: bigint): void {
  to.u16(25);
  to.u8(0);
  to.u8(SIGNING_REQUIRED);
  to.u32(0);
  to.u32(0);
  to.u16(88);
  to.u16(token.length);
  to.u64(previousSessionId);
  to.raw(token);
}

function tokenOf(from: SmbReader): Buffer {
  from.structureSize(9);
  from.skip(2);
  const [offset, size] = [from.u16(), from.u16()];
  return from.at(offset, size, 'SESSION_SETUP token');
}

async function connectTree(wire: Wire, { address, share }: SmbTarget): Promise<number> {
  const path = Buffer.from(`\\\\${address}\\${share}`, 'utf16le');
  const { status, header } = await wire.exchange(TREE_CONNECT, (to) => {
    to.u16(9);
    to.u16(0);
    to.u16(72);
    to.u16(path.length);
    to.raw(path);
  });
  if (status !== 0) throw new Refused(`TREE_CONNECT ${share}`, status);
  return header.treeId;
}

async function validate(
  wire: Wire,
  { dialect, clientGuid }: Login,
  treeId: number,
  { server }: Negotiated,
): Promise<void> {
  const { status, from } = await wire.exchange(
    IOCTL,
    (to) => {
      to.u16(57);
      to.u16(0);
      to.u32(FSCTL_VALIDATE_NEGOTIATE_INFO);
      to.raw(Buffer.alloc(16, 0xff));
      to.u32(120);
      to.u32(26);
      to.u32(0);
      to.u32(0);
      to.u32(0);
      to.u32(24);
      to.u32(1);
      to.u32(0);
      to.u32(CAPABILITIES);
      to.raw(clientGuid);
      to.u16(SIGNING_REQUIRED);
      to.u16(1);
      to.u16(dialect);
    },
    { treeId },
  );
  if (status !== 0) throw new Refused('FSCTL_VALIDATE_NEGOTIATE_INFO', status);
  from.structureSize(49);
  from.skip(2 + 4 + 16 + 8);
  const [offset, size] = [from.u32(), from.u32()];
  const said = new SmbReader(from.at(offset, size, 'VALIDATE_NEGOTIATE'));
  const [capabilities, guid] = [said.u32(), said.raw(16).toString('hex')];
  const [securityMode, spoken] = [said.u16(), said.u16()];
  const isSame =
    capabilities === server.capabilities &&
    guid === server.guid &&
    securityMode === server.securityMode &&
    spoken === dialect;
  if (!isSame) throw new Error('VALIDATE_NEGOTIATE: not what was negotiated');
}
