/** Whether two opens of one file go together ([MS-FSA] §2.1.5.1.2.2): each must share what the other does. */
import { GUARDED, GUARDED_RIGHTS } from './access.ts';

export interface ShareMode {
  readonly access: number;
  readonly share: number;
}

export function sharesConflict(one: ShareMode, other: ShareMode): boolean {
  if ((one.access & GUARDED_RIGHTS) === 0 || (other.access & GUARDED_RIGHTS) === 0) return false;
  return GUARDED.some(([rights, share]) => denies(one, other, rights, share));
}

function denies(one: ShareMode, other: ShareMode, rights: number, share: number): boolean {
  return (
    ((one.access & rights) !== 0 && (other.share & share) === 0) ||
    ((other.access & rights) !== 0 && (one.share & share) === 0)
  );
}

/**
 * Whether an open keeps somebody who has none from exercising rights: a mode that denies them only binds if the open
 * itself takes part in share modes.
 */
export function deniesAnonymous(open: ShareMode, share: number): boolean {
  return (open.access & GUARDED_RIGHTS) !== 0 && (open.share & share) === 0;
}
