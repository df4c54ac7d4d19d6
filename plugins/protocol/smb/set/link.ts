/** FileLinkInformation: one more name ([MS-FSA] §2.1.5.15.6). */
import { ok } from '#core/result.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import { link } from '#core/volume/operations/link.ts';
import { remove } from '#core/volume/operations/remove.ts';
import type { SmbCall } from '../command.ts';
import type { SetOutcome } from '../commands/set-info.ts';
import { readNewName } from '../info/set.ts';
import type { FileOpen } from '../open.ts';
import { STATUS_FILE_IS_A_DIRECTORY, STATUS_INVALID_PARAMETER } from '../status.ts';
import { SmbReader } from '../wire/reader.ts';
import { DONE, told } from './changed.ts';
import { targetOf } from './target.ts';

export function setLink(call: SmbCall, open: FileOpen, data: Buffer): SetOutcome {
  if (open.isDirectory) return { status: STATUS_FILE_IS_A_DIRECTORY };
  if (open.stream !== '') return { status: STATUS_INVALID_PARAMETER };
  const target = targetOf(call, open, readNewName(new SmbReader(data)));
  if (!target.ok) return { status: target.error };
  const { directory, name, replaced, isOwn } = target.value;
  if (isOwn) return DONE;
  return told(
    call.transact((transaction) => {
      if (replaced !== undefined) {
        const gone = { directory: directory.id, name: replaced.name };
        const removed = transaction.change(remove, open.volume, ROOT_CALLER, gone);
        if (!removed.ok) return removed;
      }
      const args = { file: open.file, directory: directory.id, name };
      const linked = transaction.change(link, open.volume, ROOT_CALLER, args);
      return linked.ok ? ok(undefined) : linked;
    }),
  );
}
