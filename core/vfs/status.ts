/**
 * Why a file-system operation was refused: the one union that volumes and backends answer with and every
 * protocol maps.
 */
export type FsError =
  /** The caller lacks the permission bits (EACCES). */
  | 'access'
  /** Not the owner, or a change that only root may make (EPERM). */
  | 'not-permitted'
  | 'not-found'
  | 'exists'
  | 'not-directory'
  | 'is-directory'
  | 'not-empty'
  /** The operation does not fit the kind of the file, or an argument makes no sense (EINVAL). */
  | 'invalid'
  | 'name-too-long'
  | 'file-too-big'
  | 'no-space'
  | 'read-only'
  | 'too-many-links'
  /** A rename or link between volumes (EXDEV). */
  | 'cross-device'
  /** The guard of a conditional change did not match (NFS3ERR_NOT_SYNC). */
  | 'not-synchronized'
  /** The file was deleted: proven, not presumed. */
  | 'stale'
  /** Not a handle of this cluster: wrong form or wrong MAC. */
  | 'bad-handle'
  | 'bad-cookie'
  | 'not-supported'
  /** The backend failed; the cause is in the log. */
  | 'io';
