/** SHARE_INFO_* ([MS-SRVS] §2.2.4.22 to §2.2.4.26): levels of detail, as tables of what each has. */
import type { NdrWriter } from '../ndr-writer.ts';
import type { ListedShare } from '../pipe-server.ts';

const STYPE_DISKTREE = 0;
const STYPE_IPC = 3;
const STYPE_SPECIAL = 0x8000_0000;
/** No limit of users. */
const USERS_UNLIMITED = 0xffff_ffff;

type Write = (to: NdrWriter, share: ListedShare) => void;

function typeOf({ isPipe }: ListedShare): number {
  return isPipe ? STYPE_IPC | STYPE_SPECIAL : STYPE_DISKTREE;
}

const name: Write = (to, share) => to.textPointer(share.name);
const type: Write = (to, share) => to.u32(typeOf(share));
const remark: Write = (to, share) => to.textPointer(share.comment);
const zero: Write = (to) => to.u32(0);
const usersMax: Write = (to) => to.u32(USERS_UNLIMITED);
/** Where it lies is the owner's business; clients show it. */
const path: Write = (to, share) => to.textPointer(share.isPipe ? '' : `C:\\${share.name}`);

/** Fields in the order of the wire. */
export const SHARE_INFO: ReadonlyMap<number, readonly Write[]> = new Map([
  [0, [name]],
  [1, [name, type, remark]],
  [2, [name, type, remark, zero, usersMax, zero, path, zero]],
  [501, [name, type, remark, zero]],
  [502, [name, type, remark, zero, usersMax, zero, path, zero, zero, zero]],
  [1005, [zero]],
]);

export function writeShareInfo(to: NdrWriter, fields: readonly Write[], share: ListedShare): void {
  for (const write of fields) write(to, share);
}
