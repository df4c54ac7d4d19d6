/** UMNT: a client says that it is done with a path (RFC 1813 §5.2.3). Its handles stay valid. */
import type { Procedure } from '../rpc/procedure.ts';
import type { PathArgs } from './mnt.ts';
import { readPath } from './types.ts';

export const umnt: Procedure<PathArgs, undefined, undefined> = {
  name: 'UMNT',
  number: 3,
  changes: false,

  decode: (from) => ({ path: readPath(from) }),

  handle(call, { path }) {
    const names = path.split('/').filter((name) => name !== '');
    call.scene.mounts.remove({ host: call.peer.address, path: `/${names.join('/')}` });
    return undefined;
  },

  encode: () => {},
  encodeArgs: (to, { path }) => to.byteString(path),
  decodeRes: () => undefined,
};
