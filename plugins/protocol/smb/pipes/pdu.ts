/** PDUs of connection-oriented DCE/RPC, version 5.0 ([C706] §12.6, [MS-RPCE] §2.2.2), little-endian. */
import { DecodeError } from '#core/wire/reader.ts';
import { SmbReader } from '../wire/reader.ts';
import { SmbWriter } from '../wire/writer.ts';

export const PDU_REQUEST = 0;
export const PDU_RESPONSE = 2;
export const PDU_FAULT = 3;
export const PDU_BIND = 11;
export const PDU_BIND_ACK = 12;
export const PDU_BIND_NAK = 13;
export const PDU_ALTER_CONTEXT = 14;
export const PDU_ALTER_CONTEXT_RESPONSE = 15;

export const PFC_FIRST_FRAG = 0x01;
export const PFC_LAST_FRAG = 0x02;

export const HEADER_SIZE = 16;
/** Bytes of a fragment that we take and make: what Windows uses. */
export const FRAGMENT_SIZE_MAX = 4280;
/** Contexts of one bind. */
const CONTEXTS_MAX = 32;
const TRANSFERS_MAX = 16;

/** Little-endian, ASCII, IEEE. */
const DATA_REPRESENTATION = 0x10;

export interface Pdu {
  readonly type: number;
  readonly flags: number;
  readonly callId: number;
  /** Behind the header, without what authenticates. A view. */
  readonly body: Buffer;
}

/** Bytes of the fragment that begins at `bytes`, once its header is there. */
export function fragmentSize(bytes: Buffer): number {
  return bytes.readUInt16LE(8);
}

export function readPdu(bytes: Buffer): Pdu {
  const from = new SmbReader(bytes);
  const major = from.u8();
  const minor = from.u8();
  if (major !== 5 || minor > 1)
    throw new DecodeError(`RPC: version ${major}.${minor}, must be 5.0`);
  const type = from.u8();
  const flags = from.u8();
  if (from.u8() !== DATA_REPRESENTATION) throw new DecodeError('RPC: not little-endian');
  from.skip(3);
  const size = from.u16();
  const authSize = from.u16();
  const callId = from.u32();
  const trailer = authSize === 0 ? 0 : authSize + 8;
  if (size > bytes.length || size < HEADER_SIZE + trailer) {
    throw new DecodeError(`RPC fragment: ${size} bytes of ${bytes.length}`);
  }
  return { type, flags, callId, body: bytes.subarray(HEADER_SIZE, size - trailer) };
}

export function writePdu(pdu: Pdu): Buffer {
  const to = new SmbWriter(HEADER_SIZE + pdu.body.length);
  to.u8(5);
  to.u8(0);
  to.u8(pdu.type);
  to.u8(pdu.flags);
  to.u32(DATA_REPRESENTATION);
  to.u16(HEADER_SIZE + pdu.body.length);
  to.u16(0);
  to.u32(pdu.callId);
  to.raw(pdu.body);
  return to.finish();
}

/** An interface or a transfer syntax: UUID as 16 bytes, hex, and version. */
export interface Syntax {
  readonly uuid: string;
  readonly version: number;
}

/** NDR, 32 bits: 8a885d04-1ceb-11c9-9fe8-08002b104860 version 2. */
export const NDR32: Syntax = { uuid: '045d888aeb1cc9119fe808002b104860', version: 2 };

export interface BindContext {
  readonly id: number;
  readonly abstract: Syntax;
  readonly transfers: readonly Syntax[];
}

export interface Bind {
  readonly fragmentSizeMax: number;
  readonly association: number;
  readonly contexts: readonly BindContext[];
}

export function readBind(body: Buffer): Bind {
  const from = new SmbReader(body);
  from.skip(2);
  const fragmentSizeMax = from.u16();
  const association = from.u32();
  const count = from.u8();
  from.skip(3);
  if (count > CONTEXTS_MAX)
    throw new DecodeError(`bind: ${count} contexts, at most ${CONTEXTS_MAX}`);
  const contexts: BindContext[] = [];
  for (let i = 0; i < count; i++) contexts.push(readContext(from));
  return { fragmentSizeMax, association, contexts };
}

function readContext(from: SmbReader): BindContext {
  const id = from.u16();
  const count = from.u8();
  from.skip(1);
  if (count > TRANSFERS_MAX) {
    throw new DecodeError(`bind: ${count} transfer syntaxes, at most ${TRANSFERS_MAX}`);
  }
  const abstract = readSyntax(from);
  const transfers: Syntax[] = [];
  for (let i = 0; i < count; i++) transfers.push(readSyntax(from));
  return { id, abstract, transfers };
}

function readSyntax(from: SmbReader): Syntax {
  return { uuid: from.raw(16).toString('hex'), version: from.u32() };
}

function writeSyntax(to: SmbWriter, { uuid, version }: Syntax): void {
  to.raw(Buffer.from(uuid, 'hex'));
  to.u32(version);
}

export function encodeBind(bind: Bind): Buffer {
  const to = new SmbWriter(FRAGMENT_SIZE_MAX);
  to.u16(bind.fragmentSizeMax);
  to.u16(bind.fragmentSizeMax);
  to.u32(bind.association);
  to.u8(bind.contexts.length);
  to.zeros(3);
  for (const context of bind.contexts) {
    to.u16(context.id);
    to.u8(context.transfers.length);
    to.u8(0);
    writeSyntax(to, context.abstract);
    for (const transfer of context.transfers) writeSyntax(to, transfer);
  }
  return to.finish();
}

/** Why a context was not taken ([C706] §12.6.3.1): 0 acceptance, 2 provider rejection, and its reason. */
export interface BindResult {
  readonly result: number;
  readonly reason: number;
}

export const ACCEPTED: BindResult = { result: 0, reason: 0 };
export const ABSTRACT_SYNTAX_NOT_SUPPORTED: BindResult = { result: 2, reason: 1 };
export const TRANSFER_SYNTAX_NOT_SUPPORTED: BindResult = { result: 2, reason: 2 };

const NO_SYNTAX: Syntax = { uuid: '00'.repeat(16), version: 0 };

/** @param address The secondary address: the pipe's name. */
export function encodeBindAck(
  fragmentSizeMax: number,
  association: number,
  address: string,
  results: readonly BindResult[],
): Buffer {
  const to = new SmbWriter(FRAGMENT_SIZE_MAX);
  to.u16(fragmentSizeMax);
  to.u16(fragmentSizeMax);
  to.u32(association);
  to.u16(address.length + 1);
  to.raw(Buffer.from(`${address}\0`, 'latin1'));
  to.align(4);
  to.u8(results.length);
  to.zeros(3);
  for (const result of results) {
    to.u16(result.result);
    to.u16(result.reason);
    writeSyntax(to, result.result === 0 ? NDR32 : NO_SYNTAX);
  }
  return to.finish();
}

export interface RpcRequest {
  readonly context: number;
  readonly opnum: number;
  /** A view. */
  readonly stub: Buffer;
}

/** Bytes of a request's and a response's body before the stub. */
export const CALL_HEADER_SIZE = 8;
const PFC_OBJECT_UUID = 0x80;

export function readRequest({ body, flags }: Pdu): RpcRequest {
  const from = new SmbReader(body);
  from.skip(4);
  const context = from.u16();
  const opnum = from.u16();
  if ((flags & PFC_OBJECT_UUID) !== 0) from.skip(16);
  return { context, opnum, stub: from.raw(from.left) };
}

export function encodeRequest({ context, opnum, stub }: RpcRequest): Buffer {
  const to = new SmbWriter(CALL_HEADER_SIZE + stub.length);
  to.u32(stub.length);
  to.u16(context);
  to.u16(opnum);
  to.raw(stub);
  return to.finish();
}

export function encodeResponse(context: number, stub: Buffer): Buffer {
  const to = new SmbWriter(CALL_HEADER_SIZE + stub.length);
  to.u32(stub.length);
  to.u16(context);
  to.u16(0);
  to.raw(stub);
  return to.finish();
}

export function readResponse(body: Buffer): { readonly context: number; readonly stub: Buffer } {
  const from = new SmbReader(body);
  from.skip(4);
  const context = from.u16();
  from.skip(2);
  return { context, stub: from.raw(from.left) };
}

/** nca_s_ codes ([C706] appendix E). */
export const NCA_OP_RANGE_ERROR = 0x1c01_0002;
export const NCA_UNKNOWN_INTERFACE = 0x1c01_0003;
export const NCA_FAULT_NDR = 0x0000_06f7;

export function encodeFault(context: number, status: number): Buffer {
  const to = new SmbWriter(16);
  to.u32(0);
  to.u16(context);
  to.u16(0);
  to.u32(status);
  to.u32(0);
  return to.finish();
}
