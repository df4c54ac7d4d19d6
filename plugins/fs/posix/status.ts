/** What the operating system refuses, in the house's words: the one place where errno names are read. */
import { BackendError } from '#core/volume/backend.ts';

const NO_SPACE: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

export function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/**
 * The error to throw for one that the system gave; `what` names the call and the file, `written` says how many bytes of a
 * write are there all the same.
 */
export function refusal(error: unknown, what: string, written = 0): BackendError {
  if (error instanceof BackendError) return error;
  const reason = NO_SPACE.has(codeOf(error)) ? 'no-space' : 'io';
  const cause = error instanceof Error ? error.message : String(error);
  const refused = new BackendError(`fs/posix: ${what}: ${cause}`, reason, written);
  refused.cause = error;
  return refused;
}
