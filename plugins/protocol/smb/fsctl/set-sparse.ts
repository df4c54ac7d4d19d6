/** FSCTL_SET_SPARSE: whether ranges of zeros are holes ([MS-FSCC] §2.3.65, [MS-FSA] §2.1.5.10.36). */
import { DOS_SPARSE } from '#core/vfs/inode.ts';
import { FILE_APPEND_DATA, FILE_WRITE_ATTRIBUTES, FILE_WRITE_DATA } from '../access.ts';
import { changeAttributes } from '../set/changed.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_FILE_CLOSED,
  STATUS_INVALID_PARAMETER,
  STATUS_SUCCESS,
} from '../status.ts';
import { type Fsctl, NO_OUTPUT } from './fsctl.ts';

const NEEDS = FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_ATTRIBUTES;

export const setSparse: Fsctl = {
  name: 'FSCTL_SET_SPARSE',
  code: 0x0009_00c4,
  on: 'file',

  handle(call, { input }, open) {
    if ((open.granted & NEEDS) === 0) return { status: STATUS_ACCESS_DENIED };
    if (open.isDirectory) return { status: STATUS_INVALID_PARAMETER };
    const inode = open.volume.tree.inode(open.file);
    if (inode === undefined) return { status: STATUS_FILE_CLOSED };
    const isSparse = input.length === 0 || input.readUInt8(0) !== 0;
    const dos = isSparse ? inode.dos | DOS_SPARSE : inode.dos & ~DOS_SPARSE;
    const set = { atime: 'keep', mtime: 'keep', dos } as const;
    const changed = dos === inode.dos ? undefined : changeAttributes(call, open, inode.id, set);
    if (changed !== undefined && changed.status !== STATUS_SUCCESS)
      return { status: changed.status };
    return { status: STATUS_SUCCESS, response: NO_OUTPUT };
  },
};
