/** Access masks as access-control entries have them ([MS-DTYP] §2.4.3, [MS-SMB2] §2.2.13.1), and what generic ones mean. */

export const FILE_READ_DATA = 0x1;
export const FILE_WRITE_DATA = 0x2;
/** Of a directory: FILE_ADD_SUBDIRECTORY. */
export const FILE_APPEND_DATA = 0x4;
export const FILE_READ_EA = 0x8;
export const FILE_WRITE_EA = 0x10;
/** Of a directory: FILE_TRAVERSE. */
export const FILE_EXECUTE = 0x20;
export const FILE_DELETE_CHILD = 0x40;
export const FILE_READ_ATTRIBUTES = 0x80;
export const FILE_WRITE_ATTRIBUTES = 0x100;
export const DELETE = 0x1_0000;
export const READ_CONTROL = 0x2_0000;
export const WRITE_DAC = 0x4_0000;
export const WRITE_OWNER = 0x8_0000;
export const SYNCHRONIZE = 0x10_0000;
export const ACCESS_SYSTEM_SECURITY = 0x100_0000;
export const MAXIMUM_ALLOWED = 0x200_0000;
export const GENERIC_ALL = 0x1000_0000;
export const GENERIC_EXECUTE = 0x2000_0000;
export const GENERIC_WRITE = 0x4000_0000;
export const GENERIC_READ = 0x8000_0000;

export const RIGHTS_ALL = 0x1f_01ff;
export const RIGHTS_READ = 0x12_0089;
export const RIGHTS_WRITE = 0x12_0116;
export const RIGHTS_EXECUTE = 0x12_00a0;

/** [MS-FSA] §2.1.4.15: the generic mapping of files. */
const GENERIC: readonly (readonly [number, number])[] = [
  [GENERIC_READ, RIGHTS_READ],
  [GENERIC_WRITE, RIGHTS_WRITE],
  [GENERIC_EXECUTE, RIGHTS_EXECUTE],
  [GENERIC_ALL, RIGHTS_ALL],
];

/** The mask in rights of files alone. Unsigned. */
export function mapGeneric(mask: number): number {
  let mapped = mask & 0x0fff_ffff;
  for (const [generic, rights] of GENERIC) if ((mask & generic) !== 0) mapped |= rights;
  return mapped >>> 0;
}
