/** EXPORT: what can be mounted, and by whom (RFC 1813 §5.2.5). */
import type { Reader } from '#core/wire/reader.ts';
import type { Procedure } from '../rpc/procedure.ts';
import { LIST_SIZE_MAX, MNTNAMLEN, MNTPATHLEN, readPath, stringSize, writeList } from './types.ts';

export interface ExportRow {
  /** Byte string. */
  readonly path: string;
  /** Networks in CIDR form. */
  readonly groups: readonly string[];
}

export const exportList: Procedure<undefined, readonly ExportRow[], readonly ExportRow[]> = {
  name: 'EXPORT',
  number: 5,
  changes: false,

  resultsSizeMax: () => LIST_SIZE_MAX,

  decode: () => undefined,

  handle(call) {
    return call.scene.exports.all().map(({ record }) => {
      const path = Buffer.from(record.path, 'utf8').toString('latin1').slice(0, MNTPATHLEN);
      return { path, groups: record.networks };
    });
  },

  encode(to, rows) {
    writeList(to, rows, sizeOf, ({ path, groups }) => {
      to.byteString(path);
      for (const group of groups) {
        to.u32(1);
        to.byteString(group);
      }
      to.u32(0);
    });
  },

  encodeArgs: () => {},

  decodeRes(from) {
    const rows: ExportRow[] = [];
    while (from.bool()) rows.push({ path: readPath(from), groups: readGroups(from) });
    return rows;
  },
};

function sizeOf({ path, groups }: ExportRow): number {
  const sizes = groups.map((group) => 4 + stringSize(group));
  return stringSize(path) + 4 + sizes.reduce((sum, size) => sum + size, 0);
}

function readGroups(from: Reader): readonly string[] {
  const groups: string[] = [];
  while (from.bool()) groups.push(from.byteString(MNTNAMLEN, 'group'));
  return groups;
}
