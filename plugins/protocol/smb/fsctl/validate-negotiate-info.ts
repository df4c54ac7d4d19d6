/** FSCTL_VALIDATE_NEGOTIATE_INFO: what was negotiated, once more under the session's signature ([MS-SMB2] §3.3.5.15.12). */
import { validateNegotiate } from '../negotiate/validate.ts';
import { STATUS_ACCESS_DENIED, STATUS_INVALID_PARAMETER, STATUS_SUCCESS } from '../status.ts';
import type { Fsctl } from './fsctl.ts';

/** Capabilities, Guid, SecurityMode and DialectCount of the input, and the whole of the output. */
const SIZE_MIN = 24;

export const validateNegotiateInfo: Fsctl = {
  name: 'FSCTL_VALIDATE_NEGOTIATE_INFO',
  code: 0x0014_0204,
  on: 'server',

  handle(call, { input, outputSizeMax }) {
    if (input.length < SIZE_MIN || outputSizeMax < SIZE_MIN) {
      return { status: STATUS_INVALID_PARAMETER };
    }
    const { connection } = call.inside;
    const output = validateNegotiate(connection, input);
    if (output !== undefined) return { status: STATUS_SUCCESS, response: { output } };
    // No answer: the connection ends with this turn.
    connection.destroy();
    return { status: STATUS_ACCESS_DENIED };
  },
};
