/** FileBasicInformation: times and attributes ([MS-FSA] §2.1.5.15.2). */
import { DOS_MASK, DOS_SPARSE, type Inode } from '#core/vfs/inode.ts';
import type { SetAttributes, TimeChange } from '#core/vfs/set-attributes.ts';
import { FILE_WRITE_ATTRIBUTES } from '../access.ts';
import type { SmbCall } from '../command.ts';
import type { SetOutcome } from '../commands/set-info.ts';
import { breakOthers } from '../create/break-others.ts';
import { FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_TEMPORARY } from '../info/attributes.ts';
import { type BasicChange, readBasicChange } from '../info/basic.ts';
import type { FiletimeChange } from '../info/filetime.ts';
import type { FileOpen } from '../open.ts';
import { STATUS_ACCESS_DENIED, STATUS_FILE_CLOSED, STATUS_INVALID_PARAMETER } from '../status.ts';
import { SmbReader } from '../wire/reader.ts';
import { changeAttributes, DONE } from './changed.ts';

export function setBasic(call: SmbCall, open: FileOpen, data: Buffer): SetOutcome {
  if ((open.granted & FILE_WRITE_ATTRIBUTES) === 0) return { status: STATUS_ACCESS_DENIED };
  const basic = readBasicChange(new SmbReader(data));
  if (basic === undefined || !fits(open, basic.attributes)) {
    return { status: STATUS_INVALID_PARAMETER };
  }
  return breakOthers(call, open, 'attributes', () => {
    const inode = open.volume.tree.inode(open.file);
    if (inode === undefined) return { status: STATUS_FILE_CLOSED };
    notice(open, basic.lastWrite);
    if (isNothing(basic)) return DONE;
    return changeAttributes(call, open, inode.id, {
      atime: timeChange(basic.lastAccess),
      mtime: timeChange(basic.lastWrite),
      btime: timeChange(basic.creation),
      ...changeTime(basic),
      ...(basic.attributes === 0 ? {} : { dos: dosOf(inode, basic.attributes) }),
    });
  });
}

function fits(open: FileOpen, attributes: number): boolean {
  if (open.isDirectory) return (attributes & FILE_ATTRIBUTE_TEMPORARY) === 0;
  return (attributes & FILE_ATTRIBUTE_DIRECTORY) === 0;
}

/** A write time that was set stays through the open's own writes, until -2 gives it free again. */
function notice(open: FileOpen, lastWrite: FiletimeChange): void {
  if (lastWrite === 'thaw') open.writeTimeIsSet = false;
  else if (lastWrite !== 'keep') open.writeTimeIsSet = true;
}

function isNothing({ creation, lastAccess, lastWrite, change, attributes }: BasicChange): boolean {
  const times = [creation, lastAccess, lastWrite, change];
  return attributes === 0 && times.every((time) => typeof time === 'string');
}

function timeChange(time: FiletimeChange): TimeChange {
  return typeof time === 'string' ? 'keep' : time;
}

/** Of attributes alone clients expect that they change no time; times that are set are a change like others. */
function changeTime(basic: BasicChange): Pick<SetAttributes, 'ctime'> {
  const { change, creation, lastAccess, lastWrite } = basic;
  if (typeof change !== 'string') return { ctime: change };
  const setsTimes = [creation, lastAccess, lastWrite].some((time) => typeof time !== 'string');
  return change === 'freeze' || !setsTimes ? { ctime: 'keep' } : {};
}

/** NORMAL takes all away; that a file is sparse is not the client's to say here. */
function dosOf(inode: Inode, attributes: number): number {
  return (attributes & DOS_MASK & ~DOS_SPARSE) | (inode.dos & DOS_SPARSE);
}
