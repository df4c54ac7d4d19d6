/** Runs one change for an open that was granted it, and says how it went. */
import type { Result } from '#core/result.ts';
import type { FileId } from '#core/vfs/inode.ts';
import type { SetAttributes } from '#core/vfs/set-attributes.ts';
import type { FsError } from '#core/vfs/status.ts';
import { setAttributes } from '#core/volume/operations/set-attributes.ts';
import type { Outcome, SmbCall } from '../command.ts';
import type { FileOpen } from '../open.ts';
import { ntStatus, STATUS_SUCCESS } from '../status.ts';

export const DONE: Outcome<null> = { status: STATUS_SUCCESS, response: null };

export function told(done: Result<unknown, FsError>): Outcome<null> {
  return done.ok ? DONE : { status: ntStatus[done.error] };
}

/** What the open was granted counts, not what the mode says by now. */
export function changeAttributes(
  call: SmbCall,
  open: FileOpen,
  file: FileId,
  set: SetAttributes,
): Outcome<null> {
  const args = { file, set, guard: undefined, granted: true };
  return told(
    call.transact((transaction) =>
      transaction.change(setAttributes, open.volume, call.caller, args),
    ),
  );
}
