/** What puts a box out of its group instead of ending its process: it would be the same after the next start. */
import { DiskError } from '../ports/disk.ts';
import { BackendError } from '../volume/backend.ts';
import { DecodeError } from '../wire/reader.ts';

/** A sentence on what disk or backend refused, or what this box cannot read; `undefined` for a broken invariant. */
export function refusalOf(error: unknown): string | undefined {
  if (error instanceof DiskError || error instanceof BackendError) return error.message;
  if (!(error instanceof DecodeError)) return undefined;
  return `an entry cannot be read (${error.message}): the box that made it may run a newer version; update this one`;
}
