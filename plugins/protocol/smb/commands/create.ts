/** CREATE: opens or makes a file, folder, stream or pipe ([MS-SMB2] §2.2.13, §2.2.14, §3.3.5.9). */
import type { Command, Outcome, SmbCall } from '../command.ts';
import { readContexts, writeContexts } from '../contexts/context.ts';
import { decodeGranted, encodeGranted } from '../contexts/granted.ts';
import { decodeRequested, encodeRequested } from '../contexts/requested.ts';
import { attempt } from '../create/attempt.ts';
import { openPipe } from '../create/open-pipe.ts';
import { claimOf, reconnect } from '../create/reconnect.ts';
import { replay } from '../create/replay.ts';
import { type CreateRequest, refuseRequest } from '../create/request.ts';
import type { CreateResponse } from '../create/response.ts';
import { refused, type Step } from '../create/step.ts';
import { untilFree } from '../create/until-free.ts';
import {
  STATUS_INVALID_PARAMETER,
  STATUS_NETWORK_NAME_DELETED,
  STATUS_USER_SESSION_DELETED,
} from '../status.ts';
import type { DiskShare } from '../tree-connect.ts';
import { readFileId, writeFileId } from '../wire/file-id.ts';
import { HEADER_SIZE } from '../wire/header.ts';
import type { SmbWriter } from '../wire/writer.ts';

/** Bytes of the fixed parts; StructureSize counts one byte more. */
const REQUEST_SIZE = 56;
const RESPONSE_SIZE = 88;

export const create: Command<CreateRequest, CreateResponse> = {
  name: 'CREATE',
  code: 0x0005,
  needs: 'tree',

  decode(from) {
    from.structureSize(57);
    from.skip(1);
    const oplockLevel = from.u8();
    const impersonationLevel = from.u32();
    from.skip(16);
    const desiredAccess = from.u32();
    const attributes = from.u32();
    const shareAccess = from.u32();
    const disposition = from.u32();
    const options = from.u32();
    const nameOffset = from.u16();
    const nameSize = from.u16();
    const contextsOffset = from.u32();
    const contextsSize = from.u32();
    const name = from.textAt(nameOffset, nameSize, 'CREATE name');
    const contexts = readContexts(from.at(contextsOffset, contextsSize, 'create contexts'));
    return {
      oplockLevel,
      impersonationLevel,
      desiredAccess,
      attributes,
      shareAccess,
      disposition,
      options,
      name,
      contexts: decodeRequested(contexts),
    };
  },

  handle(call, request) {
    const { share } = call.tree;
    if (share.kind === 'pipe') return openPipe(call, request);
    const refusal = refuseContexts(call, request);
    if (refusal !== undefined) return { status: refusal };
    const known = inDialect(call, request);
    const claim = claimOf(known);
    if (claim !== undefined) return reconnect(call, share, known, claim);
    const status = refuseRequest(known);
    if (status !== undefined) return { status };
    return replay(call, known) ?? open(call, share, known);
  },

  encode(to, response) {
    to.u16(89);
    to.u8(response.oplockLevel);
    to.u8(0);
    to.u32(response.action);
    to.u64(response.creationTime);
    to.u64(response.lastAccessTime);
    to.u64(response.lastWriteTime);
    to.u64(response.changeTime);
    to.size(response.allocationSize);
    to.size(response.endOfFile);
    to.u32(response.attributes);
    to.u32(0);
    writeFileId(to, response.id);
    writeContextList(to, HEADER_SIZE + RESPONSE_SIZE, () =>
      writeContexts(to, encodeGranted(response.contexts)),
    );
  },

  encodeRequest(to, request) {
    to.u16(57);
    to.u8(0);
    to.u8(request.oplockLevel);
    to.u32(request.impersonationLevel);
    to.zeros(16);
    to.u32(request.desiredAccess);
    to.u32(request.attributes);
    to.u32(request.shareAccess);
    to.u32(request.disposition);
    to.u32(request.options);
    to.u16(HEADER_SIZE + REQUEST_SIZE);
    to.u16(request.name.length * 2);
    const lengths = to.offset;
    to.zeros(8);
    // The body has one byte of name even when there is none (§2.2.13).
    if (request.name === '') to.u8(0);
    else to.text(request.name);
    const contexts = encodeRequested(request.contexts);
    if (contexts.length === 0) return;
    to.align(8);
    const start = to.offset;
    to.u32At(lengths, to.position);
    writeContexts(to, contexts);
    to.u32At(lengths + 4, to.offset - start);
  },

  decodeResponse(from) {
    from.structureSize(89);
    const oplockLevel = from.u8();
    from.skip(1);
    const action = from.u32();
    const creationTime = from.u64();
    const lastAccessTime = from.u64();
    const lastWriteTime = from.u64();
    const changeTime = from.u64();
    const allocationSize = from.u64Clamped();
    const endOfFile = from.u64Clamped();
    const attributes = from.u32();
    from.skip(4);
    const id = readFileId(from);
    const offset = from.u32();
    const size = from.u32();
    const contexts = decodeGranted(readContexts(from.at(offset, size, 'create contexts')));
    return {
      oplockLevel,
      action,
      creationTime,
      lastAccessTime,
      lastWriteTime,
      changeTime,
      allocationSize,
      endOfFile,
      attributes,
      id,
      contexts,
    };
  },
};

/** Offset and length of what `write` writes behind them; zeros when that is nothing. */
function writeContextList(to: SmbWriter, offset: number, write: () => void): void {
  const lengths = to.offset;
  to.zeros(8);
  const start = to.offset;
  write();
  if (to.offset === start) return;
  to.u32At(lengths, offset);
  to.u32At(lengths + 4, to.offset - start);
}

/** Which contexts go together (§3.3.5.9.6, .7, .10, .12). */
function refuseContexts(call: SmbCall, { contexts }: CreateRequest): number | undefined {
  const { durable, durableReconnect, durableV2, durableReconnectV2 } = contexts;
  const is3 = call.connection.dialect >= 0x0300;
  const second = is3 ? [durableV2, durableReconnectV2].filter((one) => one !== undefined) : [];
  if (second.length > 1) return STATUS_INVALID_PARAMETER;
  const hasFirst = durable !== undefined || durableReconnect !== undefined;
  return hasFirst && second.length > 0 ? STATUS_INVALID_PARAMETER : undefined;
}

/** The request without contexts that the dialect does not know. */
function inDialect(call: SmbCall, request: CreateRequest): CreateRequest {
  if (call.connection.dialect >= 0x0300) return request;
  const { durableV2: _, durableReconnectV2: __, ...contexts } = request.contexts;
  return { ...request, contexts };
}

function open(
  call: SmbCall,
  share: DiskShare,
  request: CreateRequest,
): Outcome<CreateResponse> | Promise<Outcome<CreateResponse>> {
  const { table } = call.scene;
  const guid = request.contexts.durableV2?.createGuid;
  const { clientGuid } = call.connection;
  const before = guid && table.byCreateGuid(clientGuid, guid);
  if (guid !== undefined) table.setCreateGuid(clientGuid, guid, 'in-progress');
  const settle = (outcome: Outcome<CreateResponse>): Outcome<CreateResponse> => {
    if (guid === undefined) return outcome;
    const made = outcome.response && table.at(outcome.response.id.volatile);
    const known = before === '' || before === 'in-progress' ? undefined : before;
    table.setCreateGuid(clientGuid, guid, made?.kind === 'file' ? made : known);
    return outcome;
  };
  const trial = { call, share, request, id: table.mint(), again: false };
  const failed = (error: unknown): never => {
    settle({ status: STATUS_INVALID_PARAMETER });
    throw error;
  };
  try {
    const first = attempt(trial);
    if ('outcome' in first) return settle(first.outcome);
    const again = (): Step => ended(call) ?? attempt({ ...trial, again: true });
    return untilFree(call, first.wait, again).then(settle, failed);
  } catch (error) {
    return failed(error);
  }
}

/** Whoever was to have the open went while it waited: nobody would ever close it. */
function ended({ inside, tree }: SmbCall): Step | undefined {
  const { session } = inside;
  if (session?.isValid !== true) return refused(STATUS_USER_SESSION_DELETED);
  return session.trees.get(tree.id) === tree ? undefined : refused(STATUS_NETWORK_NAME_DELETED);
}
