/** ONC RPC version 2: the headers of calls and replies (RFC 5531 §9). */
import { DecodeError, type Reader } from '#core/wire/reader.ts';
import type { Writer } from '#core/wire/writer.ts';

export const CALL = 0;
export const REPLY = 1;
export const RPC_VERSION = 2;

/** reply_stat. */
export const MSG_ACCEPTED = 0;
export const MSG_DENIED = 1;

/** accept_stat. */
export const SUCCESS = 0;
export const PROG_UNAVAIL = 1;
export const PROG_MISMATCH = 2;
export const PROC_UNAVAIL = 3;
export const GARBAGE_ARGS = 4;
export const SYSTEM_ERR = 5;

/** reject_stat. */
export const RPC_MISMATCH = 0;
export const AUTH_ERROR = 1;

/** Largest body of a credential or verifier, bytes (RFC 5531 §8.2). */
export const AUTH_SIZE_MAX = 400;
/** The last-fragment bit of a record mark (RFC 5531 §11). */
export const LAST_FRAGMENT = 0x8000_0000;
export const RECORD_MARK_SIZE = 4;
/** Bytes from a reply's record mark to its results: mark, xid, REPLY, MSG_ACCEPTED, AUTH_NONE, SUCCESS. */
export const RESULTS_OFFSET = 28;

/** A call up to its arguments. */
export interface CallHeader {
  readonly xid: number;
  readonly rpcVersion: number;
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly flavor: number;
  /** The credential's body, a view. */
  readonly credential: Buffer;
}

/** Whatever follows the version number is read as version 2 has it; the caller answers another version first. */
export function readCallHeader(from: Reader): CallHeader {
  const xid = from.u32();
  const type = from.u32();
  if (type !== CALL) throw new DecodeError(`message type ${type}: not a call`);
  const rpcVersion = from.u32();
  if (rpcVersion !== RPC_VERSION) {
    const none = { program: 0, version: 0, procedure: 0, flavor: 0 };
    return { xid, rpcVersion, ...none, credential: from.bytes.subarray(0, 0) };
  }
  const program = from.u32();
  const version = from.u32();
  const procedure = from.u32();
  const flavor = from.u32();
  const credential = from.opaque(AUTH_SIZE_MAX, 'credential');
  from.u32();
  from.opaque(AUTH_SIZE_MAX, 'verifier');
  return { xid, rpcVersion, program, version, procedure, flavor, credential };
}

/** A call with an AUTH_NONE verifier; the arguments follow. */
export function writeCallHeader(to: Writer, call: CallHeader): void {
  to.u32(call.xid);
  to.u32(CALL);
  to.u32(call.rpcVersion);
  to.u32(call.program);
  to.u32(call.version);
  to.u32(call.procedure);
  to.u32(call.flavor);
  to.opaque(call.credential);
  to.u32(0);
  to.u32(0);
}

/** MSG_ACCEPTED with an AUTH_NONE verifier; with SUCCESS the results follow. */
export function writeAccepted(to: Writer, xid: number, acceptStat: number): void {
  to.u32(xid);
  to.u32(REPLY);
  to.u32(MSG_ACCEPTED);
  to.u32(0);
  to.u32(0);
  to.u32(acceptStat);
}

export function writeProgramMismatch(to: Writer, xid: number, low: number, high: number): void {
  writeAccepted(to, xid, PROG_MISMATCH);
  to.u32(low);
  to.u32(high);
}

export function writeRpcMismatch(to: Writer, xid: number): void {
  writeDenied(to, xid, RPC_MISMATCH);
  to.u32(RPC_VERSION);
  to.u32(RPC_VERSION);
}

export function writeAuthError(to: Writer, xid: number, authStat: number): void {
  writeDenied(to, xid, AUTH_ERROR);
  to.u32(authStat);
}

function writeDenied(to: Writer, xid: number, rejectStat: number): void {
  to.u32(xid);
  to.u32(REPLY);
  to.u32(MSG_DENIED);
  to.u32(rejectStat);
}

/** A reply up to its results. */
export type ReplyHeader =
  | { readonly xid: number; readonly kind: 'success' }
  | { readonly xid: number; readonly kind: 'refused'; readonly reason: string };

export function readReplyHeader(from: Reader): ReplyHeader {
  const xid = from.u32();
  const type = from.u32();
  if (type !== REPLY) throw new DecodeError(`message type ${type}: not a reply`);
  const replyStat = from.u32();
  if (replyStat === MSG_DENIED) return { xid, kind: 'refused', reason: readDenial(from) };
  if (replyStat !== MSG_ACCEPTED) throw new DecodeError(`reply_stat ${replyStat}`);
  from.u32();
  from.opaque(AUTH_SIZE_MAX, 'verifier');
  const acceptStat = from.u32();
  if (acceptStat === SUCCESS) return { xid, kind: 'success' };
  return { xid, kind: 'refused', reason: ACCEPT_STAT[acceptStat] ?? `accept_stat ${acceptStat}` };
}

const ACCEPT_STAT: Readonly<Record<number, string>> = {
  [PROG_UNAVAIL]: 'PROG_UNAVAIL',
  [PROG_MISMATCH]: 'PROG_MISMATCH',
  [PROC_UNAVAIL]: 'PROC_UNAVAIL',
  [GARBAGE_ARGS]: 'GARBAGE_ARGS',
  [SYSTEM_ERR]: 'SYSTEM_ERR',
};

function readDenial(from: Reader): string {
  const rejectStat = from.u32();
  if (rejectStat === RPC_MISMATCH) return `RPC_MISMATCH ${from.u32()} to ${from.u32()}`;
  return `AUTH_ERROR ${from.u32()}`;
}
