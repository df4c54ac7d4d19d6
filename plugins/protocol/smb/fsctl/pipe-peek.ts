/** FSCTL_PIPE_PEEK: how much waits to be read ([MS-FSCC] §2.3.51). No content is shown ahead. */
import { STATUS_BUFFER_TOO_SMALL, STATUS_SUCCESS } from '../status.ts';
import type { Fsctl } from './fsctl.ts';

const FILE_PIPE_CONNECTED_STATE = 3;
const SIZE = 16;

export const pipePeek: Fsctl = {
  name: 'FSCTL_PIPE_PEEK',
  code: 0x0011_400c,
  on: 'pipe',

  handle(_call, { outputSizeMax }, { pipe }) {
    if (outputSizeMax < SIZE) return { status: STATUS_BUFFER_TOO_SMALL };
    const output = Buffer.alloc(SIZE);
    output.writeUInt32LE(FILE_PIPE_CONNECTED_STATE, 0);
    output.writeUInt32LE(pipe.waiting, 4);
    output.writeUInt32LE(pipe.waiting === 0 ? 0 : 1, 8);
    output.writeUInt32LE(pipe.waiting, 12);
    return { status: STATUS_SUCCESS, response: { output } };
  },
};
