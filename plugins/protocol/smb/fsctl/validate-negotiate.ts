/** FSCTL_VALIDATE_NEGOTIATE_INFO: somebody between would have to forge its signature ([MS-SMB2] §3.3.5.15.12). */
import { validateNegotiate } from '../negotiate/validate.ts';
import { STATUS_ACCESS_DENIED, STATUS_INVALID_PARAMETER, STATUS_SUCCESS } from '../status.ts';
import type { Fsctl } from './fsctl.ts';

const OUTPUT_SIZE = 24;

export const validateNegotiateInfo: Fsctl = {
  name: 'FSCTL_VALIDATE_NEGOTIATE_INFO',
  code: 0x0014_0204,
  on: 'server',

  handle({ inside }, { input, outputSizeMax }) {
    if (outputSizeMax < OUTPUT_SIZE) return { status: STATUS_INVALID_PARAMETER };
    const output = validateNegotiate(inside.connection, input);
    if (output !== undefined) return { status: STATUS_SUCCESS, response: { output } };
    inside.connection.destroy();
    return { status: STATUS_ACCESS_DENIED };
  },
};
