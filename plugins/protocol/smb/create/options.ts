/** What CREATE's fields may say ([MS-SMB2] §2.2.13). */

export const FILE_SUPERSEDE = 0;
export const FILE_OPEN = 1;
export const FILE_CREATE = 2;
export const FILE_OPEN_IF = 3;
export const FILE_OVERWRITE = 4;
export const FILE_OVERWRITE_IF = 5;

export const FILE_DIRECTORY_FILE = 0x1;
export const FILE_WRITE_THROUGH = 0x2;
export const FILE_SEQUENTIAL_ONLY = 0x4;
export const FILE_NO_INTERMEDIATE_BUFFERING = 0x8;
export const FILE_SYNCHRONOUS_IO_ALERT = 0x10;
export const FILE_SYNCHRONOUS_IO_NONALERT = 0x20;
export const FILE_NON_DIRECTORY_FILE = 0x40;
export const FILE_CREATE_TREE_CONNECTION = 0x80;
export const FILE_COMPLETE_IF_OPLOCKED = 0x100;
export const FILE_NO_EA_KNOWLEDGE = 0x200;
export const FILE_RANDOM_ACCESS = 0x800;
export const FILE_DELETE_ON_CLOSE = 0x1000;
export const FILE_OPEN_BY_FILE_ID = 0x2000;
export const FILE_OPEN_FOR_BACKUP_INTENT = 0x4000;
export const FILE_NO_COMPRESSION = 0x8000;
export const FILE_RESERVE_OPFILTER = 0x10_0000;
export const FILE_OPEN_REPARSE_POINT = 0x20_0000;

/** A server fails these (§2.2.13). */
export const OPTIONS_UNSUPPORTED =
  FILE_CREATE_TREE_CONNECTION | FILE_OPEN_BY_FILE_ID | FILE_RESERVE_OPFILTER;
export const OPTIONS_INVALID = 0xff00_0000;
/** Those that FileModeInformation tells ([MS-FSCC] §2.4.26). */
export const OPTIONS_MODE =
  FILE_WRITE_THROUGH |
  FILE_SEQUENTIAL_ONLY |
  FILE_NO_INTERMEDIATE_BUFFERING |
  FILE_SYNCHRONOUS_IO_ALERT |
  FILE_SYNCHRONOUS_IO_NONALERT |
  FILE_DELETE_ON_CLOSE;

export const SMB2_OPLOCK_LEVEL_NONE = 0x00;
export const SMB2_OPLOCK_LEVEL_II = 0x01;
export const SMB2_OPLOCK_LEVEL_EXCLUSIVE = 0x08;
export const SMB2_OPLOCK_LEVEL_BATCH = 0x09;
export const SMB2_OPLOCK_LEVEL_LEASE = 0xff;

/** Anonymous to Delegate. */
export const IMPERSONATION_MAX = 3;

/** CreateAction (§2.2.14). */
export const FILE_SUPERSEDED = 0;
export const FILE_OPENED = 1;
export const FILE_CREATED = 2;
export const FILE_OVERWRITTEN = 3;
