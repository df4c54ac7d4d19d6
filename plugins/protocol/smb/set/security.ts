/** Owner, group and lists ([MS-SMB2] §3.3.5.21.3, [MS-FSA] §2.1.5.17): stored, and the mode that says about the same with it. */
import { err, ok, type Result } from '#core/result.ts';
import type { Caller } from '#core/vfs/caller.ts';
import { ROOT_CALLER } from '#core/vfs/caller.ts';
import type { Inode } from '#core/vfs/inode.ts';
import type { SetAttributes } from '#core/vfs/set-attributes.ts';
import { setAttributes } from '#core/volume/operations/set-attributes.ts';
import { setExtra } from '#core/volume/operations/set-extra.ts';
import { ACCESS_SYSTEM_SECURITY, WRITE_DAC, WRITE_OWNER } from '../access.ts';
import type { Outcome, SmbCall } from '../command.ts';
import type { SetOutcome } from '../commands/set-info.ts';
import { breakOthers } from '../create/break-others.ts';
import type { FileOpen } from '../open.ts';
import {
  DACL_SECURITY_INFORMATION,
  decodeDescriptor,
  encodeDescriptor,
  GROUP_SECURITY_INFORMATION,
  OWNER_SECURITY_INFORMATION,
  SACL_SECURITY_INFORMATION,
  type SecurityDescriptor,
} from '../security/descriptor.ts';
import { modeOfDescriptor } from '../security/from-mode.ts';
import { merged } from '../security/set.ts';
import { accountOf, groupSid, type Sid, userSid } from '../security/sid.ts';
import { descriptorOf, storedDescriptor } from '../security/stored.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_FILE_CLOSED,
  STATUS_INVALID_OWNER,
  STATUS_INVALID_PRIMARY_GROUP,
} from '../status.ts';
import { DONE, told } from './changed.ts';

const OWNERSHIP = OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION;
const LISTS = DACL_SECURITY_INFORMATION | SACL_SECURITY_INFORMATION;
const SPECIAL_BITS = 0o7000;

/** Which right each part takes. */
const NEEDS: readonly (readonly [information: number, right: number])[] = [
  [OWNERSHIP, WRITE_OWNER],
  [DACL_SECURITY_INFORMATION, WRITE_DAC],
  [SACL_SECURITY_INFORMATION, ACCESS_SYSTEM_SECURITY],
];

export function setSecurity(
  call: SmbCall,
  open: FileOpen,
  data: Buffer,
  information: number,
): SetOutcome {
  for (const [part, right] of NEEDS) {
    if ((information & part) !== 0 && (open.granted & right) === 0) {
      return { status: STATUS_ACCESS_DENIED };
    }
  }
  const set = decodeDescriptor(data);
  return breakOthers(call, open, 'attributes', () => {
    const inode = open.volume.tree.inode(open.file);
    if (inode === undefined) return { status: STATUS_FILE_CLOSED };
    const owners = ownersOf(call, inode, set, information);
    if (!owners.ok) return { status: owners.error };
    return store(call, open, inode, owners.value, set, information);
  });
}

interface Owners {
  readonly uid: number;
  readonly gid: number;
}

/** Only accounts of this cluster own files; and only root gives one away. */
function ownersOf(
  { scene, caller }: SmbCall,
  inode: Inode,
  set: SecurityDescriptor,
  information: number,
): Result<Owners, number> {
  let { uid, gid } = inode;
  // What is to be set and is not there stays as it is.
  if ((information & OWNER_SECURITY_INFORMATION) !== 0 && set.owner !== undefined) {
    const account = accountOf(scene.domain, set.owner);
    if (account?.kind !== 'user') return err(STATUS_INVALID_OWNER);
    if (!mayOwn(caller, account.id, uid)) return err(STATUS_INVALID_OWNER);
    uid = account.id;
  }
  if ((information & GROUP_SECURITY_INFORMATION) !== 0 && set.group !== undefined) {
    const account = accountOf(scene.domain, set.group);
    if (account?.kind !== 'group') return err(STATUS_INVALID_PRIMARY_GROUP);
    if (!mayHaveGroup(caller, account.id, gid)) return err(STATUS_INVALID_PRIMARY_GROUP);
    gid = account.id;
  }
  return ok({ uid, gid });
}

function mayOwn(caller: Caller, uid: number, before: number): boolean {
  return caller.uid === 0 || uid === caller.uid || uid === before;
}

/** As chgrp has it: otherwise a program that runs as its group could be made to run as any. */
function mayHaveGroup({ uid, gid, groups }: Caller, group: number, before: number): boolean {
  return uid === 0 || group === before || group === gid || groups.includes(group);
}

function store(
  call: SmbCall,
  open: FileOpen,
  inode: Inode,
  { uid, gid }: Owners,
  set: SecurityDescriptor,
  information: number,
): Outcome<null> {
  const { domain } = call.scene;
  const { tree } = open.volume;
  const setsLists = (information & LISTS) !== 0;
  const keepsLists = setsLists || storedDescriptor(tree, inode) !== undefined;
  const isOwnership = uid !== inode.uid || gid !== inode.gid;
  if (!setsLists && !isOwnership) return DONE;
  const before = descriptorOf(domain, tree, inode);
  const after = {
    ...merged(before, set, information & LISTS),
    ...sidsOf(domain, uid, gid),
  };
  const attributes: SetAttributes = {
    atime: 'keep',
    mtime: 'keep',
    keepsSecurity: true,
    ...(isOwnership ? { uid, gid } : {}),
    ...(keepsLists ? { mode: (inode.mode & SPECIAL_BITS) | modeOfDescriptor(after) } : {}),
  };
  const extra = { kind: 'security' as const, name: '', value: encodeDescriptor(after) };
  return told(
    call.transact((transaction) => {
      const args = { file: inode.id, set: attributes, guard: undefined, granted: true };
      const changed = transaction.change(setAttributes, open.volume, ROOT_CALLER, args);
      if (!changed.ok || !keepsLists) return changed.ok ? ok(undefined) : changed;
      const row = { file: inode.id, changes: [extra] };
      const kept = transaction.change(setExtra, open.volume, ROOT_CALLER, row);
      return kept.ok ? ok(undefined) : kept;
    }),
  );
}

function sidsOf(domain: Sid, uid: number, gid: number): { owner: Sid; group: Sid } {
  return { owner: userSid(domain, uid), group: groupSid(domain, gid) };
}
