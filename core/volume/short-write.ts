/**
 * A write that the backend took in part: it is made a shorter one, and whoever asked is told how much was written
 * (RFC 1813 §3.3.7, as of write(2)). Refused as a whole it would leave bytes on this box that no other has.
 */
import { BackendError } from './backend.ts';
import type { Operation, Tree } from './operation.ts';

export interface Shortened<Change> {
  readonly change: Change;
  /** Bytes that it writes and that the backend has. */
  readonly size: number;
}

/** What `cause` left of the change; `undefined` when that is nothing. */
export function shortened<Change>(
  operation: Operation<never, Change, unknown>,
  tree: Tree,
  change: Change,
  cause: unknown,
): Shortened<Change> | undefined {
  if (!(cause instanceof BackendError) || cause.written === 0) return undefined;
  const size = cause.written;
  const less = operation.shortened?.(tree, change, size);
  return less === undefined ? undefined : { change: less, size };
}
