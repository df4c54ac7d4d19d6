/** FSCTL_PIPE_TRANSCEIVE: a message, and its answer at once ([MS-SMB2] §3.3.5.15.3). */
import { STATUS_SUCCESS } from '../status.ts';
import type { Fsctl } from './fsctl.ts';

export const pipeTransceive: Fsctl = {
  name: 'FSCTL_PIPE_TRANSCEIVE',
  code: 0x0011_c017,
  on: 'pipe',

  handle(_call, { input, outputSizeMax }, { pipe }) {
    const written = pipe.write(input);
    if (written !== STATUS_SUCCESS) return { status: written };
    const target = Buffer.alloc(Math.min(outputSizeMax, pipe.waiting));
    const { status, size } = pipe.read(target);
    if (size === 0 && status !== STATUS_SUCCESS) return { status };
    return { status, response: { output: target.subarray(0, size) } };
  },
};
