/** What a new file or folder gets of the list of the folder it is made in ([MS-DTYP] §2.5.3.4). Pure. */
import { specificAccess } from '../access.ts';
import {
  ACL_REVISION,
  type Ace,
  type Acl,
  CONTAINER_INHERIT_ACE,
  INHERIT_ONLY_ACE,
  INHERITED_ACE,
  NO_PROPAGATE_INHERIT_ACE,
  OBJECT_INHERIT_ACE,
} from './acl.ts';
import { SE_DACL_AUTO_INHERITED, type SecurityDescriptor } from './descriptor.ts';
import { SID_CREATOR_GROUP, SID_CREATOR_OWNER, type Sid } from './sid.ts';

const PROPAGATES = OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE;

export interface Creator {
  readonly owner: Sid;
  readonly group: Sid;
}

/** `undefined` where the folder hands nothing down: the mode decides then. */
export function inheritedDescriptor(
  parent: SecurityDescriptor,
  isDirectory: boolean,
  creator: Creator,
): SecurityDescriptor | undefined {
  if (parent.dacl === undefined || parent.dacl === null) return undefined;
  const isAuto = (parent.control & SE_DACL_AUTO_INHERITED) !== 0;
  const mark = isAuto ? INHERITED_ACE : 0;
  const aces = inheritedAces(parent.dacl, isDirectory, creator, mark);
  if (aces.length === 0) return undefined;
  return {
    control: isAuto ? SE_DACL_AUTO_INHERITED : 0,
    owner: creator.owner,
    group: creator.group,
    dacl: { revision: ACL_REVISION, aces },
    sacl: undefined,
  };
}

function inheritedAces(parent: Acl, isDirectory: boolean, creator: Creator, mark: number): Ace[] {
  const aces: Ace[] = [];
  for (const ace of parent.aces) {
    if (isDirectory) addForFolder(aces, ace, creator, mark);
    else if ((ace.flags & OBJECT_INHERIT_ACE) !== 0) aces.push(effective(ace, creator, mark));
  }
  return aces;
}

function addForFolder(aces: Ace[], ace: Ace, creator: Creator, mark: number): void {
  const goesOn = (ace.flags & NO_PROPAGATE_INHERIT_ACE) === 0;
  const handed = ace.flags & PROPAGATES;
  if ((ace.flags & CONTAINER_INHERIT_ACE) === 0) {
    if (handed !== 0 && goesOn) aces.push({ ...ace, flags: handed | INHERIT_ONLY_ACE | mark });
    return;
  }
  const counting = effective(ace, creator, mark);
  if (!goesOn) {
    aces.push(counting);
  } else if (counting.sid === ace.sid && counting.mask === ace.mask) {
    aces.push({ ...counting, flags: handed | mark });
  } else {
    // What stands for somebody else here must still stand for whoever makes something further down.
    aces.push(counting, { ...ace, flags: handed | INHERIT_ONLY_ACE | mark });
  }
}

/** The entry as it counts for the new file itself. */
function effective(ace: Ace, creator: Creator, mark: number): Ace {
  let { sid } = ace;
  if (sid === SID_CREATOR_OWNER) sid = creator.owner;
  else if (sid === SID_CREATOR_GROUP) sid = creator.group;
  return { ...ace, sid, mask: specificAccess(ace.mask), flags: mark };
}
