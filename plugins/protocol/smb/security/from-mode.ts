/** The descriptor of a file that has none of its own: owner, group and mode in other words. Pure. */
import type { Inode } from '#core/vfs/inode.ts';
import { accessByMode, maskOfModeBits, modeBitsOf } from '../access.ts';
import { ACCESS_ALLOWED_ACE, ACL_REVISION, type Ace, ace } from './acl.ts';
import { grantedBy, type Token } from './check.ts';
import type { SecurityDescriptor } from './descriptor.ts';
import { groupSid, SID_EVERYONE, type Sid, userSid } from './sid.ts';

/** Nobody: whoever has this id is in no group either. */
const NO_ID = -1;

export function descriptorOfMode(domain: Sid, inode: Inode): SecurityDescriptor {
  const { uid, gid, mode } = inode;
  const owner = userSid(domain, uid);
  const group = groupSid(domain, gid);
  const isDirectory = inode.kind === 'directory';
  const owning = uid === 0 ? rootMask(inode) : accessByMode(inode, { uid, gid: NO_ID, groups: [] });
  const aces: Ace[] = [ace(ACCESS_ALLOWED_ACE, 0, owning, owner)];
  const shared: readonly (readonly [Sid, number])[] = [
    [group, (mode >> 3) & 7],
    [SID_EVERYONE, mode & 7],
  ];
  for (const [sid, bits] of shared) {
    if (bits !== 0) aces.push(ace(ACCESS_ALLOWED_ACE, 0, maskOfModeBits(bits, isDirectory), sid));
  }
  return { control: 0, owner, group, dacl: { revision: ACL_REVISION, aces }, sacl: undefined };
}

/** Root may everything whatever the mode says; what the mode says is still shown of its files. */
function rootMask(inode: Inode): number {
  return accessByMode({ ...inode, uid: 1 }, { uid: 1, gid: NO_ID, groups: [] });
}

/** The nine bits of a mode that a list amounts to: what NFS sees of a file whose descriptor was set. */
export function modeOfDescriptor(descriptor: SecurityDescriptor): number {
  const { owner, group, dacl } = descriptor;
  const bitsOf = (...sids: (Sid | undefined)[]): number => {
    const known = new Set([...sids, SID_EVERYONE].filter((sid) => sid !== undefined));
    const token: Token = { sids: known, isAll: false };
    return modeBitsOf(grantedBy({ owner: undefined, dacl }, token));
  };
  return (bitsOf(owner) << 6) | (bitsOf(group) << 3) | bitsOf();
}
