/** CREATE on IPC$: a named pipe ([MS-SMB2] §3.3.5.9). */
import type { Outcome, SmbCall } from '../command.ts';
import { FILE_ATTRIBUTE_NORMAL } from '../info/attributes.ts';
import type { PipeOpen } from '../open.ts';
import {
  STATUS_BAD_IMPERSONATION_LEVEL,
  STATUS_INSUFFICIENT_RESOURCES,
  STATUS_OBJECT_NAME_NOT_FOUND,
  STATUS_SUCCESS,
} from '../status.ts';
import { FILE_OPENED, IMPERSONATION_MAX, SMB2_OPLOCK_LEVEL_NONE } from './options.ts';
import type { CreateRequest } from './request.ts';
import type { CreateResponse } from './response.ts';

/** Bytes that AllocationSize says of every pipe, as Windows does. */
const PIPE_ALLOCATION = 4096;

export function openPipe(call: SmbCall, request: CreateRequest): Outcome<CreateResponse> {
  if (request.impersonationLevel > IMPERSONATION_MAX) {
    return { status: STATUS_BAD_IMPERSONATION_LEVEL };
  }
  const pipe = call.scene.pipes.open(request.name, call.session);
  if (pipe === undefined) return { status: STATUS_OBJECT_NAME_NOT_FOUND };
  const open: PipeOpen = {
    kind: 'pipe',
    id: call.scene.table.mint(),
    session: call.session,
    tree: call.tree,
    isClosed: false,
    atClose: new Set(),
    pipe,
  };
  if (!call.scene.table.add(open)) {
    pipe.close();
    return { status: STATUS_INSUFFICIENT_RESOURCES };
  }
  call.remember(open);
  const response: CreateResponse = {
    oplockLevel: SMB2_OPLOCK_LEVEL_NONE,
    action: FILE_OPENED,
    creationTime: 0n,
    lastAccessTime: 0n,
    lastWriteTime: 0n,
    changeTime: 0n,
    allocationSize: PIPE_ALLOCATION,
    endOfFile: 0,
    attributes: FILE_ATTRIBUTE_NORMAL,
    id: open.id,
    contexts: {},
  };
  return { status: STATUS_SUCCESS, response };
}
