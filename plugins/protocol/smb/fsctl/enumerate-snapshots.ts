/** FSCTL_SRV_ENUMERATE_SNAPSHOTS: there are none ([MS-SMB2] §2.2.32.2, §3.3.5.15.1). */
import { STATUS_INVALID_PARAMETER, STATUS_SUCCESS } from '../status.ts';
import type { Fsctl } from './fsctl.ts';

/** Three numbers, and the end of a list of names. */
const OUTPUT_SIZE = 16;

export const enumerateSnapshots: Fsctl = {
  name: 'FSCTL_SRV_ENUMERATE_SNAPSHOTS',
  code: 0x0014_4064,
  on: 'file',

  handle(_call, { outputSizeMax }) {
    if (outputSizeMax < OUTPUT_SIZE) return { status: STATUS_INVALID_PARAMETER };
    return { status: STATUS_SUCCESS, response: { output: Buffer.alloc(OUTPUT_SIZE) } };
  },
};
