/** FSCTL_GET_COMPRESSION and FSCTL_SET_COMPRESSION: nothing is compressed ([MS-FSCC] §2.3.19, §2.3.61). */
import { FILE_WRITE_DATA } from '../access.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_BUFFER_TOO_SMALL,
  STATUS_INVALID_PARAMETER,
  STATUS_NOT_SUPPORTED,
  STATUS_SUCCESS,
} from '../status.ts';
import { type Fsctl, NO_OUTPUT } from './fsctl.ts';

const COMPRESSION_FORMAT_NONE = 0;

export const getCompression: Fsctl = {
  name: 'FSCTL_GET_COMPRESSION',
  code: 0x0009_003c,
  on: 'file',

  handle(_call, { outputSizeMax }) {
    if (outputSizeMax < 2) return { status: STATUS_BUFFER_TOO_SMALL };
    return { status: STATUS_SUCCESS, response: { output: Buffer.alloc(2) } };
  },
};

export const setCompression: Fsctl = {
  name: 'FSCTL_SET_COMPRESSION',
  code: 0x0009_c040,
  on: 'file',

  handle(_call, { input }, open) {
    if ((open.granted & FILE_WRITE_DATA) === 0) return { status: STATUS_ACCESS_DENIED };
    if (input.length < 2) return { status: STATUS_INVALID_PARAMETER };
    if (input.readUInt16LE(0) !== COMPRESSION_FORMAT_NONE) return { status: STATUS_NOT_SUPPORTED };
    return { status: STATUS_SUCCESS, response: NO_OUTPUT };
  },
};
