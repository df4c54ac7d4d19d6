/** nfsstat3 (RFC 1813 §2.6), and how refusals are said in it. */
import type { FsError } from '#core/vfs/status.ts';

export const NFS3_OK = 0;
export const NFS3ERR_PERM = 1;
export const NFS3ERR_NOENT = 2;
export const NFS3ERR_IO = 5;
export const NFS3ERR_NXIO = 6;
export const NFS3ERR_ACCES = 13;
export const NFS3ERR_EXIST = 17;
export const NFS3ERR_XDEV = 18;
export const NFS3ERR_NODEV = 19;
export const NFS3ERR_NOTDIR = 20;
export const NFS3ERR_ISDIR = 21;
export const NFS3ERR_INVAL = 22;
export const NFS3ERR_FBIG = 27;
export const NFS3ERR_NOSPC = 28;
export const NFS3ERR_ROFS = 30;
export const NFS3ERR_MLINK = 31;
export const NFS3ERR_NAMETOOLONG = 63;
export const NFS3ERR_NOTEMPTY = 66;
export const NFS3ERR_DQUOT = 69;
export const NFS3ERR_STALE = 70;
export const NFS3ERR_REMOTE = 71;
export const NFS3ERR_BADHANDLE = 10001;
export const NFS3ERR_NOT_SYNC = 10002;
export const NFS3ERR_BAD_COOKIE = 10003;
export const NFS3ERR_NOTSUPP = 10004;
export const NFS3ERR_TOOSMALL = 10005;
export const NFS3ERR_SERVERFAULT = 10006;
export const NFS3ERR_BADTYPE = 10007;
export const NFS3ERR_JUKEBOX = 10008;

/** Total by construction: a new `FsError` does not compile until it is answered here. */
export const nfsstat3: Readonly<Record<FsError, number>> = {
  access: NFS3ERR_ACCES,
  'not-permitted': NFS3ERR_PERM,
  'not-found': NFS3ERR_NOENT,
  exists: NFS3ERR_EXIST,
  'not-directory': NFS3ERR_NOTDIR,
  'is-directory': NFS3ERR_ISDIR,
  'not-empty': NFS3ERR_NOTEMPTY,
  invalid: NFS3ERR_INVAL,
  'name-too-long': NFS3ERR_NAMETOOLONG,
  'file-too-big': NFS3ERR_FBIG,
  'no-space': NFS3ERR_NOSPC,
  'read-only': NFS3ERR_ROFS,
  'too-many-links': NFS3ERR_MLINK,
  'cross-device': NFS3ERR_XDEV,
  'not-synchronized': NFS3ERR_NOT_SYNC,
  stale: NFS3ERR_STALE,
  'bad-handle': NFS3ERR_BADHANDLE,
  'bad-cookie': NFS3ERR_BAD_COOKIE,
  'not-supported': NFS3ERR_NOTSUPP,
  io: NFS3ERR_IO,
};
