/** Rights and share modes of an open, in the bits that SMB gives them; NFSv4's share reservations map onto the same. */

/** Rights that share modes guard and caching asks about ([MS-SMB2] §2.2.13.1.1). */
export const FILE_READ_DATA = 0x0001;
export const FILE_WRITE_DATA = 0x0002;
export const FILE_APPEND_DATA = 0x0004;
export const FILE_READ_EA = 0x0008;
export const FILE_WRITE_EA = 0x0010;
export const FILE_EXECUTE = 0x0020;
export const FILE_READ_ATTRIBUTES = 0x0080;
export const FILE_WRITE_ATTRIBUTES = 0x0100;
export const DELETE = 0x0001_0000;
export const READ_CONTROL = 0x0002_0000;
export const SYNCHRONIZE = 0x0010_0000;

/** What an open lets others do meanwhile ([MS-SMB2] §2.2.13, ShareAccess). */
export const FILE_SHARE_READ = 1;
export const FILE_SHARE_WRITE = 2;
export const FILE_SHARE_DELETE = 4;

/** Which share bit lets others have which right ([MS-FSA] §2.1.5.1.2.2). */
export const GUARDED: readonly (readonly [rights: number, share: number])[] = [
  [FILE_READ_DATA | FILE_EXECUTE, FILE_SHARE_READ],
  [FILE_WRITE_DATA | FILE_APPEND_DATA, FILE_SHARE_WRITE],
  [DELETE, FILE_SHARE_DELETE],
];

/** All rights that take part in share modes: an open with none of them neither is refused nor refuses. */
export const GUARDED_RIGHTS = GUARDED.reduce((all, [rights]) => all | rights, 0);

/** Looks at attributes only: breaks no oplock ([MS-FSA] §2.1.5.1.2). */
export function isOplockStatOpen(access: number): boolean {
  return (access & ~(SYNCHRONIZE | FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES)) === 0;
}

/** Breaks no lease: what an oplock lets pass, and reading the security descriptor. */
export function isLeaseStatOpen(access: number): boolean {
  return isOplockStatOpen(access & ~READ_CONTROL);
}
