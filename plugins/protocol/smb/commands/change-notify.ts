/** CHANGE_NOTIFY: waits until something happens in a folder ([MS-SMB2] §2.2.35, §2.2.36, §3.3.5.19). */
import type { Position } from '#core/group/entry.ts';
import { FILE_LIST_DIRECTORY } from '../access.ts';
import type { Command, Outcome, SmbCall } from '../command.ts';
import { readNotifications, writeNotifications } from '../notify/information.ts';
import type { Notification, Watch, WatchAnswer } from '../notify/watch.ts';
import type { FileHandle, FileOpen } from '../open.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_CANCELLED,
  STATUS_DELETE_PENDING,
  STATUS_FILE_CLOSED,
  STATUS_INSUFFICIENT_RESOURCES,
  STATUS_INVALID_PARAMETER,
  STATUS_NOTIFY_CLEANUP,
  STATUS_SUCCESS,
} from '../status.ts';
import { readFileId, writeFileId } from '../wire/file-id.ts';

export const SMB2_WATCH_TREE = 0x1;

const OUTPUT_OFFSET = 72;
/** Requests that may wait at one open. */
const WAITING_MAX = 64;

export interface ChangeNotifyRequest {
  readonly flags: number;
  readonly outputSizeMax: number;
  readonly id: FileHandle;
  readonly filter: number;
}

export interface ChangeNotifyResponse {
  readonly notifications: readonly Notification[];
}

type NotifyOutcome = Outcome<ChangeNotifyResponse>;

export const changeNotify: Command<ChangeNotifyRequest, ChangeNotifyResponse> = {
  name: 'CHANGE_NOTIFY',
  code: 0x000f,
  needs: 'tree',

  decode(from) {
    from.structureSize(32);
    const flags = from.u16();
    const outputSizeMax = from.u32();
    const id = readFileId(from);
    const filter = from.u32();
    from.skip(4);
    return { flags, outputSizeMax, id, filter };
  },

  handle(call, request) {
    if (request.outputSizeMax > call.connection.maxTransactSize) {
      return { status: STATUS_INVALID_PARAMETER };
    }
    const open = call.open(request.id);
    if (open === undefined) return { status: STATUS_FILE_CLOSED };
    if (open.kind !== 'file' || !open.isDirectory) return { status: STATUS_INVALID_PARAMETER };
    if ((open.granted & FILE_LIST_DIRECTORY) === 0) return { status: STATUS_ACCESS_DENIED };
    const ref = { volume: open.volume.record.id, file: open.file };
    if (call.scene.opens.isDeletePending(ref)) return { status: STATUS_DELETE_PENDING };
    const watch = watchOf(call, open, request);
    if (watch === undefined || watch.waiting >= WAITING_MAX)
      return { status: STATUS_INSUFFICIENT_RESOURCES };
    return wait(call, open, watch, request.outputSizeMax);
  },

  encode(to, { notifications }) {
    to.u16(9);
    to.u16(notifications.length === 0 ? 0 : OUTPUT_OFFSET);
    const size = to.offset;
    to.u32(0);
    const start = to.offset;
    writeNotifications(to, notifications);
    to.u32At(size, to.offset - start);
    if (notifications.length === 0) to.u8(0);
  },

  encodeRequest(to, { flags, outputSizeMax, id, filter }) {
    to.u16(32);
    to.u16(flags);
    to.u32(outputSizeMax);
    writeFileId(to, id);
    to.u32(filter);
    to.u32(0);
  },

  decodeResponse(from) {
    from.structureSize(9);
    const offset = from.u16();
    const size = from.u32();
    return { notifications: readNotifications(from.at(offset, size, 'CHANGE_NOTIFY output')) };
  },
};

/** The open's first request says what is watched; from then on everything is kept until the open ends ([MS-FSA] §2.1.5.11). */
function watchOf(
  { scene }: SmbCall,
  open: FileOpen,
  { flags, filter, outputSizeMax }: ChangeNotifyRequest,
): Watch | undefined {
  if (open.watch !== undefined) return open.watch;
  const watch = scene.watches.add({
    volume: open.volume.record.id,
    directory: open.file,
    filter,
    isTree: (flags & SMB2_WATCH_TREE) !== 0,
    sizeMax: outputSizeMax,
  });
  if (watch === undefined) return undefined;
  open.watch = watch;
  open.atClose.add(() => scene.watches.remove(watch, STATUS_NOTIFY_CLEANUP));
  return watch;
}

function wait(
  call: SmbCall,
  open: FileOpen,
  watch: Watch,
  sizeMax: number,
): NotifyOutcome | Promise<NotifyOutcome> {
  return new Promise((resolve) => {
    const cancel = watch.wait(sizeMax, (answer, position) => {
      // Nobody is told of what could still be lost.
      call.scene.group.afterCommit(position as Position, () => resolve(outcomeOf(answer)));
    });
    call.pend(() => {
      cancel();
      resolve({ status: open.isClosed ? STATUS_NOTIFY_CLEANUP : STATUS_CANCELLED });
    });
  });
}

function outcomeOf({ status, notifications }: WatchAnswer): NotifyOutcome {
  if (status === STATUS_SUCCESS) return { status, response: { notifications } };
  // STATUS_NOTIFY_ENUM_DIR and STATUS_NOTIFY_CLEANUP are no errors: their body is an empty answer.
  return status < 0x8000_0000 ? { status, response: { notifications: [] } } : { status };
}
