/** FileFullEaInformation: extended attributes put, or removed where the value is empty ([MS-FSA] §2.1.5.15.5). */
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import { setExtra } from '#core/volume/operations/set-extra.ts';
import { FILE_WRITE_EA } from '../access.ts';
import type { SmbCall } from '../command.ts';
import type { SetOutcome } from '../commands/set-info.ts';
import { isEaName, readEas } from '../info/full-ea.ts';
import type { FileOpen } from '../open.ts';
import { STATUS_ACCESS_DENIED, STATUS_EA_TOO_LARGE, STATUS_INVALID_EA_NAME } from '../status.ts';
import { DONE, told } from './changed.ts';

export function setEas(call: SmbCall, open: FileOpen, data: Buffer): SetOutcome {
  if ((open.granted & FILE_WRITE_EA) === 0) return { status: STATUS_ACCESS_DENIED };
  const eas = readEas(data);
  if (eas.some(({ name }) => !isEaName(name))) return { status: STATUS_INVALID_EA_NAME };
  if (eas.length === 0) return DONE;
  const changes = eas.map(({ name, value }) => ({
    kind: 'attribute' as const,
    name,
    value: value.length === 0 ? undefined : value,
  }));
  const done = call.transact((transaction) =>
    transaction.change(setExtra, open.volume, ROOT_CALLER, { file: open.file, changes }),
  );
  if (!done.ok && done.error === 'file-too-big') return { status: STATUS_EA_TOO_LARGE };
  return told(done);
}
