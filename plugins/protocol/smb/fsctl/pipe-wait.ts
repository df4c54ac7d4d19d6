/** FSCTL_PIPE_WAIT: until a pipe can be opened ([MS-FSCC] §2.3.53): at once, for those that there are. */
import { STATUS_OBJECT_NAME_NOT_FOUND, STATUS_SUCCESS } from '../status.ts';
import { SmbReader } from '../wire/reader.ts';
import { type Fsctl, NO_OUTPUT } from './fsctl.ts';

export const pipeWait: Fsctl = {
  name: 'FSCTL_PIPE_WAIT',
  code: 0x0011_0018,
  on: 'server',

  handle(call, { input }) {
    const from = new SmbReader(input);
    from.skip(8);
    const size = from.u32();
    from.skip(2);
    const isThere = call.scene.pipes.has(from.text(size));
    return isThere
      ? { status: STATUS_SUCCESS, response: NO_OUTPUT }
      : { status: STATUS_OBJECT_NAME_NOT_FOUND };
  },
};
