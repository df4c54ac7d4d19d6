/** What becomes of a descriptor when a client sets one ([MS-FSA] §2.1.5.17, [MS-DTYP] §2.5.3.4.2). Pure. */
import { specificAccess } from '../access.ts';
import { type Acl, INHERIT_ONLY_ACE } from './acl.ts';
import {
  DACL_SECURITY_INFORMATION,
  PROTECTED_DACL_SECURITY_INFORMATION,
  SACL_SECURITY_INFORMATION,
  SE_DACL_AUTO_INHERIT_REQ,
  SE_DACL_AUTO_INHERITED,
  SE_DACL_PROTECTED,
  SE_SACL_AUTO_INHERIT_REQ,
  SE_SACL_AUTO_INHERITED,
  SE_SACL_PROTECTED,
  type SecurityDescriptor,
} from './descriptor.ts';

const DACL_AUTO = SE_DACL_AUTO_INHERIT_REQ | SE_DACL_AUTO_INHERITED;
const SACL_AUTO = SE_SACL_AUTO_INHERIT_REQ | SE_SACL_AUTO_INHERITED;

/**
 * As it is kept: generic rights of entries that count are those of files, and a list is "automatically inherited" only when
 * whoever set it said so and asked for it.
 */
export function canonical(descriptor: SecurityDescriptor): SecurityDescriptor {
  const { control, dacl, sacl } = descriptor;
  let kept = control & (SE_DACL_PROTECTED | SE_SACL_PROTECTED);
  if ((control & DACL_AUTO) === DACL_AUTO) kept |= SE_DACL_AUTO_INHERITED;
  if ((control & SACL_AUTO) === SACL_AUTO) kept |= SE_SACL_AUTO_INHERITED;
  return { ...descriptor, control: kept, dacl: dacl && mapped(dacl), sacl: sacl && mapped(sacl) };
}

function mapped(acl: Acl): Acl {
  const aces = acl.aces.map((entry) =>
    (entry.flags & INHERIT_ONLY_ACE) === 0 ? { ...entry, mask: specificAccess(entry.mask) } : entry,
  );
  return { ...acl, aces };
}

const DACL_FLAGS = SE_DACL_AUTO_INHERITED | SE_DACL_PROTECTED;
const SACL_FLAGS = SE_SACL_AUTO_INHERITED | SE_SACL_PROTECTED;

/** What a file has after the parts named by `information` were set. */
export function merged(
  before: SecurityDescriptor,
  set: SecurityDescriptor,
  information: number,
): SecurityDescriptor {
  const clean = canonical(set);
  const setsDacl = (information & DACL_SECURITY_INFORMATION) !== 0;
  const setsSacl = (information & SACL_SECURITY_INFORMATION) !== 0;
  const isProtected = (information & PROTECTED_DACL_SECURITY_INFORMATION) !== 0;
  const flags = (setsDacl ? DACL_FLAGS : 0) | (setsSacl ? SACL_FLAGS : 0);
  const control = (before.control & ~flags) | (clean.control & flags);
  return {
    ...before,
    control: isProtected ? control | SE_DACL_PROTECTED : control,
    // A list that is asked to be set and not there lets everybody do everything.
    dacl: setsDacl ? (clean.dacl ?? null) : before.dacl,
    sacl: setsSacl ? clean.sacl : before.sacl,
  };
}
