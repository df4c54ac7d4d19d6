/** DUMP: who has mounted what, as far as this box knows (RFC 1813 §5.2.2). */
import type { Procedure } from '../rpc/procedure.ts';
import type { MountRow } from './list.ts';
import { LIST_SIZE_MAX, MNTNAMLEN, readPath, stringSize, writeList } from './types.ts';

export const dump: Procedure<undefined, readonly MountRow[], readonly MountRow[]> = {
  name: 'DUMP',
  number: 2,
  changes: false,

  resultsSizeMax: () => LIST_SIZE_MAX,

  decode: () => undefined,

  handle: (call) => call.scene.mounts.rows(),

  encode(to, rows) {
    const sizeOf = ({ host, path }: MountRow) => stringSize(host) + stringSize(path);
    writeList(to, rows, sizeOf, ({ host, path }) => {
      to.byteString(host);
      to.byteString(path);
    });
  },

  encodeArgs: () => {},

  decodeRes(from) {
    const rows: MountRow[] = [];
    while (from.bool()) {
      rows.push({ host: from.byteString(MNTNAMLEN, 'host'), path: readPath(from) });
    }
    return rows;
  },
};
