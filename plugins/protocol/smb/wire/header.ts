/** The SMB2 packet header, synchronous and asynchronous ([MS-SMB2] §2.2.1). */
import { DecodeError } from '#core/wire/reader.ts';
import type { SmbReader } from './reader.ts';
import type { SmbWriter } from './writer.ts';

export const HEADER_SIZE = 64;
/** 0xFE 'S' 'M' 'B', as a little-endian number. */
export const SMB2_PROTOCOL_ID = 0x424d53fe;

export const SMB2_FLAGS_SERVER_TO_REDIR = 0x1;
export const SMB2_FLAGS_ASYNC_COMMAND = 0x2;
export const SMB2_FLAGS_RELATED_OPERATIONS = 0x4;
export const SMB2_FLAGS_SIGNED = 0x8;
export const SMB2_FLAGS_PRIORITY_MASK = 0x70;
export const SMB2_FLAGS_DFS_OPERATIONS = 0x1000_0000;
export const SMB2_FLAGS_REPLAY_OPERATION = 0x2000_0000;

export interface Header {
  readonly creditCharge: number;
  /** In a request of 3.x: ChannelSequence in the low 16 bits. In a response: NTSTATUS. */
  readonly status: number;
  readonly command: number;
  /** Asked for in a request, granted in a response. */
  readonly credits: number;
  readonly flags: number;
  /** Bytes from this header to the next of a compound; 0 in the last. */
  readonly nextCommand: number;
  readonly messageId: bigint;
  /** Of asynchronous headers; otherwise 0. */
  readonly asyncId: bigint;
  /** Of synchronous headers; otherwise 0. */
  readonly treeId: number;
  readonly sessionId: bigint;
}

export type RequestHeader = Header;

/** Leaves the reader at the signature's end, which is where the body begins. */
export function readHeader(from: SmbReader): Header {
  if (from.u32() !== SMB2_PROTOCOL_ID) throw new DecodeError('header: is not SMB2');
  from.structureSize(HEADER_SIZE);
  const creditCharge = from.u16();
  const status = from.u32();
  const command = from.u16();
  const credits = from.u16();
  const flags = from.u32();
  const nextCommand = from.u32();
  const messageId = from.u64();
  const isAsync = (flags & SMB2_FLAGS_ASYNC_COMMAND) !== 0;
  const asyncId = isAsync ? from.u64() : 0n;
  if (!isAsync) from.skip(4);
  const treeId = isAsync ? 0 : from.u32();
  const sessionId = from.u64();
  from.skip(16);
  return {
    creditCharge,
    status,
    command,
    credits,
    flags,
    nextCommand,
    messageId,
    asyncId,
    treeId,
    sessionId,
  };
}

/** The signature stays zero: it is put in when the whole message is there. */
export function writeHeader(to: SmbWriter, header: Header): void {
  to.u32(SMB2_PROTOCOL_ID);
  to.u16(HEADER_SIZE);
  to.u16(header.creditCharge);
  to.u32(header.status);
  to.u16(header.command);
  to.u16(header.credits);
  to.u32(header.flags);
  to.u32(header.nextCommand);
  to.u64(header.messageId);
  if ((header.flags & SMB2_FLAGS_ASYNC_COMMAND) !== 0) {
    to.u64(header.asyncId);
  } else {
    to.u32(0);
    to.u32(header.treeId);
  }
  to.u64(header.sessionId);
  to.zeros(16);
}
