/** NEGOTIATE: the dialect and what goes with it ([MS-SMB2] §2.2.3, §2.2.4, §3.3.5.4). */

import { DecodeError } from '#core/wire/reader.ts';
import { OID_NTLMSSP, writeInit } from '../auth/spnego.ts';
import type { Command, SmbCall } from '../command.ts';
import type { Dialect } from '../connection-state.ts';
import { preauth } from '../crypto/preauth.ts';
import { filetimeOf } from '../info/filetime.ts';
import { type NegotiateContext, readContexts, writeContexts } from '../negotiate/contexts.ts';
import {
  type Selection,
  selectByDialect,
  selectContexts,
  selectDialect,
} from '../negotiate/select.ts';
import {
  capabilitiesOf,
  DIALECT_WILDCARD,
  maxSizeOf,
  SMB2_GLOBAL_CAP_ENCRYPTION,
  securityModeOf,
  serverGuid,
} from '../negotiate/settings.ts';
import { STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED, STATUS_SUCCESS } from '../status.ts';

/** Dialects that one request may list: there are seven. */
const DIALECTS_MAX = 64;
const REQUEST_SIZE = 36;
const RESPONSE_SIZE = 64;
const HEADER_SIZE = 64;
/** What SPNEGO says where it has nothing to say ([MS-SPNG] §3.2.5.2). */
const HINT = 'not_defined_in_RFC4178@please_ignore';

export interface NegotiateRequest {
  readonly securityMode: number;
  readonly capabilities: number;
  /** 16 bytes. */
  readonly clientGuid: Buffer;
  readonly dialects: readonly number[];
  /** Of 3.1.1. */
  readonly contexts: readonly NegotiateContext[];
}

export interface NegotiateResponse {
  readonly securityMode: number;
  readonly dialect: number;
  /** 16 bytes. */
  readonly serverGuid: Buffer;
  readonly capabilities: number;
  readonly maxTransactSize: number;
  readonly maxReadSize: number;
  readonly maxWriteSize: number;
  /** FILETIME. */
  readonly systemTime: bigint;
  readonly token: Buffer;
  readonly contexts: readonly NegotiateContext[];
}

export const negotiate: Command<NegotiateRequest, NegotiateResponse> = {
  name: 'NEGOTIATE',
  code: 0x0000,
  needs: 'nothing',

  decode(from) {
    from.structureSize(REQUEST_SIZE);
    const count = from.u16();
    const securityMode = from.u16();
    from.skip(2);
    const capabilities = from.u32();
    const clientGuid = from.raw(16);
    const contextOffset = from.u32();
    const contextCount = from.u16();
    from.skip(2);
    if (count > DIALECTS_MAX) throw new DecodeError(`NEGOTIATE: ${count} dialects`);
    const dialects = Array.from({ length: count }, () => from.u16());
    // Below 3.1.1 the same bytes are ClientStartTime.
    const contexts = dialects.includes(0x0311)
      ? readContexts(from, contextOffset, contextCount)
      : [];
    return { securityMode, capabilities, clientGuid, dialects, contexts };
  },

  handle(call, request) {
    const { scene } = call;
    if (request.dialects.length === 0) return { status: STATUS_INVALID_PARAMETER };
    if (request.dialects.includes(DIALECT_WILDCARD)) {
      const response = responseOf(call, request, 0x0210, []);
      return { status: STATUS_SUCCESS, response: { ...response, dialect: DIALECT_WILDCARD } };
    }
    const dialect = selectDialect(request.dialects);
    if (dialect === undefined) return { status: STATUS_NOT_SUPPORTED };
    const encrypts = (request.capabilities & SMB2_GLOBAL_CAP_ENCRYPTION) !== 0;
    const selection =
      dialect === 0x0311
        ? selectContexts(request.contexts, (size) => scene.random.bytes(size))
        : selectByDialect(dialect, encrypts);
    if (typeof selection === 'number') return { status: selection };
    settle(call, request, dialect, selection);
    const response = responseOf(call, request, dialect, selection.contexts);
    return { status: STATUS_SUCCESS, response };
  },

  encode(to, response) {
    to.u16(RESPONSE_SIZE + 1);
    to.u16(response.securityMode);
    to.u16(response.dialect);
    to.u16(response.contexts.length);
    to.raw(response.serverGuid);
    to.u32(response.capabilities);
    to.u32(response.maxTransactSize);
    to.u32(response.maxReadSize);
    to.u32(response.maxWriteSize);
    to.u64(response.systemTime);
    to.u64(0n);
    to.u16(HEADER_SIZE + RESPONSE_SIZE);
    to.u16(response.token.length);
    const contextOffset = (HEADER_SIZE + RESPONSE_SIZE + response.token.length + 7) & ~7;
    to.u32(response.contexts.length === 0 ? 0 : contextOffset);
    to.raw(response.token);
    writeContexts(to, response.contexts);
  },

  encodeRequest(to, request) {
    const { dialects, contexts } = request;
    to.u16(REQUEST_SIZE);
    to.u16(dialects.length);
    to.u16(request.securityMode);
    to.u16(0);
    to.u32(request.capabilities);
    to.raw(request.clientGuid);
    const end = HEADER_SIZE + REQUEST_SIZE + 2 * dialects.length;
    to.u32(contexts.length === 0 ? 0 : (end + 7) & ~7);
    to.u16(contexts.length);
    to.u16(0);
    for (const dialect of dialects) to.u16(dialect);
    writeContexts(to, contexts);
  },

  decodeResponse(from) {
    from.structureSize(RESPONSE_SIZE + 1);
    const securityMode = from.u16();
    const dialect = from.u16();
    const contextCount = from.u16();
    const guid = Buffer.from(from.raw(16));
    const capabilities = from.u32();
    const maxTransactSize = from.u32();
    const maxReadSize = from.u32();
    const maxWriteSize = from.u32();
    const systemTime = from.u64();
    from.skip(8);
    const tokenOffset = from.u16();
    const tokenSize = from.u16();
    const contextOffset = from.u32();
    return {
      securityMode,
      dialect,
      serverGuid: guid,
      capabilities,
      maxTransactSize,
      maxReadSize,
      maxWriteSize,
      systemTime,
      token: Buffer.from(from.at(tokenOffset, tokenSize, 'NEGOTIATE token')),
      contexts: dialect === 0x0311 ? readContexts(from, contextOffset, contextCount) : [],
    };
  },
};

function settle(
  call: SmbCall,
  request: NegotiateRequest,
  dialect: Dialect,
  { cipher, signing }: Selection,
): void {
  const { connection, message } = call.inside;
  connection.dialect = dialect;
  connection.clientCapabilities = request.capabilities;
  connection.clientSecurityMode = request.securityMode;
  if (dialect !== 0x0202) connection.clientGuid = request.clientGuid.toString('hex');
  connection.cipher = cipher;
  connection.signing = signing;
  const size = maxSizeOf(dialect);
  connection.maxTransactSize = size;
  connection.maxReadSize = size;
  connection.maxWriteSize = size;
  if (dialect === 0x0311) connection.preauthHash = preauth(connection.preauthHash, message);
}

function responseOf(
  { scene }: SmbCall,
  { capabilities }: NegotiateRequest,
  dialect: Dialect,
  contexts: readonly NegotiateContext[],
): NegotiateResponse {
  const size = maxSizeOf(dialect);
  return {
    securityMode: securityModeOf(scene.policy),
    dialect,
    serverGuid: serverGuid(scene),
    capabilities: capabilitiesOf(dialect, capabilities),
    maxTransactSize: size,
    maxReadSize: size,
    maxWriteSize: size,
    systemTime: filetimeOf(scene.clock.wall()),
    token: writeInit([OID_NTLMSSP], undefined, HINT),
    contexts,
  };
}
