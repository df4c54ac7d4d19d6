/** A CREATE that is sent again because its answer was lost gets that answer ([MS-SMB2] §3.3.5.9.10). */
import type { Outcome, SmbCall } from '../command.ts';
import type { FileOpen } from '../open.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_DUPLICATE_OBJECTID,
  STATUS_FILE_NOT_AVAILABLE,
  STATUS_SUCCESS,
} from '../status.ts';
import { SMB2_FLAGS_REPLAY_OPERATION } from '../wire/header.ts';
import { responseOf } from './admit.ts';
import { grantedLease, leaseOf } from './grant-request.ts';
import type { CreateRequest } from './request.ts';
import type { CreateResponse } from './response.ts';

/** `undefined`: nothing of that CreateGuid is there, the request is a new one. */
export function replay(call: SmbCall, request: CreateRequest): Outcome<CreateResponse> | undefined {
  const { durableV2 } = request.contexts;
  if (durableV2 === undefined) return undefined;
  const known = call.scene.table.byCreateGuid(call.connection.clientGuid, durableV2.createGuid);
  if (known === undefined) return undefined;
  const isReplay = (call.header.flags & SMB2_FLAGS_REPLAY_OPERATION) !== 0;
  if (known === 'in-progress') {
    return { status: isReplay ? STATUS_FILE_NOT_AVAILABLE : STATUS_DUPLICATE_OBJECTID };
  }
  if (!isReplay) return { status: STATUS_DUPLICATE_OBJECTID };
  return refuseReplay(call, request, known) ?? again(call, known);
}

function refuseReplay(
  call: SmbCall,
  request: CreateRequest,
  open: FileOpen,
): Outcome<CreateResponse> | undefined {
  const { grant } = open.held;
  const lease = leaseOf(call, request);
  const isSame =
    open.session.id === call.session.id &&
    open.tree.id === call.tree.id &&
    (grant.kind === 'lease' ? lease?.key === grant.key : lease === undefined);
  return isSame ? undefined : { status: STATUS_ACCESS_DENIED };
}

function again(call: SmbCall, open: FileOpen): Outcome<CreateResponse> {
  call.remember(open);
  const lease = grantedLease(open.held.grant);
  const contexts = { ...open.created.contexts, ...(lease && { lease }) };
  const response = responseOf(open, open.created.action, contexts);
  return { status: STATUS_SUCCESS, response };
}
