/** A CREATE that is sent again because its answer was lost gets that answer ([MS-SMB2] §3.3.5.9.10). */
import type { Outcome, SmbCall } from '../command.ts';
import type { FileOpen } from '../open.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_DUPLICATE_OBJECTID,
  STATUS_FILE_CLOSED,
  STATUS_FILE_NOT_AVAILABLE,
  STATUS_SUCCESS,
} from '../status.ts';
import { SMB2_FLAGS_REPLAY_OPERATION } from '../wire/header.ts';
import { responseOf } from './admit.ts';
import { grantedLease, leaseOf } from './grant-request.ts';
import { SMB2_OPLOCK_LEVEL_BATCH } from './options.ts';
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
  // Its client has had the answer: this is a request of its own.
  if (!known.isReplayEligible) return undefined;
  // Taken away meanwhile by other means.
  if (known.volume.tree.inode(known.file) === undefined) return { status: STATUS_FILE_CLOSED };
  return refuseReplay(call, request, known) ?? again(call, request, known);
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

/** Of an oplock the answer says what is asked for now, whatever the open has. */
function again(call: SmbCall, request: CreateRequest, open: FileOpen): Outcome<CreateResponse> {
  call.remember(open);
  const lease = grantedLease(open.held.grant);
  const { durableV2, ...contexts } = open.created.contexts;
  const isDurable = lease !== undefined || request.oplockLevel === SMB2_OPLOCK_LEVEL_BATCH;
  const response = responseOf(open, open.created.action, {
    ...contexts,
    ...(lease && { lease }),
    ...(isDurable && durableV2 && { durableV2 }),
  });
  if (lease !== undefined) return { status: STATUS_SUCCESS, response };
  return { status: STATUS_SUCCESS, response: { ...response, oplockLevel: request.oplockLevel } };
}
