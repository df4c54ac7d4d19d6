/** UMNTALL: a client says that it is done with everything (RFC 1813 §5.2.4). */
import type { Procedure } from '../rpc/procedure.ts';

export const umntall: Procedure<undefined, undefined, undefined> = {
  name: 'UMNTALL',
  number: 4,
  changes: false,

  decode: () => undefined,

  handle(call) {
    call.scene.mounts.removeAll(call.peer.address);
    return undefined;
  },

  encode: () => {},
  encodeArgs: () => {},
  decodeRes: () => undefined,
};
