/** What CREATE asks, and what of it is refused at sight ([MS-SMB2] §2.2.13, §3.3.5.9; [MS-FSA] §2.1.5.1). */
import { ACCESS_MASK_VALID } from '../access.ts';
import type { RequestedContexts } from '../contexts/requested.ts';
import { FILE_ATTRIBUTE_TEMPORARY } from '../info/attributes.ts';
import {
  STATUS_ACCESS_DENIED,
  STATUS_BAD_IMPERSONATION_LEVEL,
  STATUS_INVALID_PARAMETER,
  STATUS_NOT_SUPPORTED,
} from '../status.ts';
import {
  FILE_DIRECTORY_FILE,
  FILE_NON_DIRECTORY_FILE,
  FILE_OVERWRITE,
  FILE_OVERWRITE_IF,
  FILE_SUPERSEDE,
  IMPERSONATION_MAX,
  OPTIONS_INVALID,
  OPTIONS_UNSUPPORTED,
} from './options.ts';

export interface CreateRequest {
  readonly oplockLevel: number;
  readonly impersonationLevel: number;
  readonly desiredAccess: number;
  readonly attributes: number;
  readonly shareAccess: number;
  readonly disposition: number;
  readonly options: number;
  readonly name: string;
  readonly contexts: RequestedContexts;
}

/** FILE_ATTRIBUTE_* that a new file may be asked to have, if only to be ignored. */
const ATTRIBUTES_VALID = 0x7fb7;
const SHARE_VALID = 0x7;

/** An NTSTATUS. */
export function refuseRequest(request: CreateRequest): number | undefined {
  const { options, disposition, desiredAccess, attributes } = request;
  if (request.impersonationLevel > IMPERSONATION_MAX) return STATUS_BAD_IMPERSONATION_LEVEL;
  if ((options & OPTIONS_INVALID) !== 0) return STATUS_INVALID_PARAMETER;
  if ((options & OPTIONS_UNSUPPORTED) !== 0) return STATUS_NOT_SUPPORTED;
  if (disposition > FILE_OVERWRITE_IF) return STATUS_INVALID_PARAMETER;
  if ((request.shareAccess & ~SHARE_VALID) !== 0) return STATUS_INVALID_PARAMETER;
  if (desiredAccess === 0 || (desiredAccess & ~ACCESS_MASK_VALID) !== 0) {
    return STATUS_ACCESS_DENIED;
  }
  if ((attributes & ~ATTRIBUTES_VALID) !== 0) return STATUS_INVALID_PARAMETER;
  if ((options & FILE_DIRECTORY_FILE) === 0) return undefined;
  if ((options & FILE_NON_DIRECTORY_FILE) !== 0) return STATUS_INVALID_PARAMETER;
  const overwrites =
    disposition === FILE_SUPERSEDE ||
    disposition === FILE_OVERWRITE ||
    disposition === FILE_OVERWRITE_IF;
  if (overwrites || (attributes & FILE_ATTRIBUTE_TEMPORARY) !== 0) return STATUS_INVALID_PARAMETER;
  return undefined;
}
