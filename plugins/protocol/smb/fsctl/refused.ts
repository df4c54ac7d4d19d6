/** Controls that are answered with a refusal of their own: what clients try first, and what comes later. */
import {
  STATUS_FS_DRIVER_REQUIRED,
  STATUS_HASH_NOT_SUPPORTED,
  STATUS_INVALID_DEVICE_REQUEST,
  STATUS_NOT_A_REPARSE_POINT,
  STATUS_NOT_SUPPORTED,
} from '../status.ts';
import type { Fsctl } from './fsctl.ts';

function refused(on: 'server' | 'file', code: number, name: string, status: number): Fsctl {
  return { name, code, on, handle: () => ({ status }) };
}

export const REFUSED: readonly Fsctl[] = [
  // §3.3.5.15.2: no namespace is served here.
  refused('server', 0x0006_0194, 'FSCTL_DFS_GET_REFERRALS', STATUS_FS_DRIVER_REQUIRED),
  refused('server', 0x0006_01b0, 'FSCTL_DFS_GET_REFERRALS_EX', STATUS_FS_DRIVER_REQUIRED),
  refused('file', 0x0009_00a4, 'FSCTL_SET_REPARSE_POINT', STATUS_NOT_SUPPORTED),
  refused('file', 0x0009_00a8, 'FSCTL_GET_REPARSE_POINT', STATUS_NOT_A_REPARSE_POINT),
  refused('file', 0x0009_00ac, 'FSCTL_DELETE_REPARSE_POINT', STATUS_NOT_A_REPARSE_POINT),
  refused('file', 0x0009_8208, 'FSCTL_FILE_LEVEL_TRIM', STATUS_NOT_SUPPORTED),
  refused('file', 0x0009_8344, 'FSCTL_DUPLICATE_EXTENTS_TO_FILE', STATUS_NOT_SUPPORTED),
  refused('file', 0x0009_027c, 'FSCTL_GET_INTEGRITY_INFORMATION', STATUS_INVALID_DEVICE_REQUEST),
  refused('file', 0x0014_41bb, 'FSCTL_SRV_READ_HASH', STATUS_HASH_NOT_SUPPORTED),
  // §3.3.5.15.9: durable opens do the same, and more.
  refused('file', 0x0014_01d4, 'FSCTL_LMR_REQUEST_RESILIENCY', STATUS_NOT_SUPPORTED),
];
