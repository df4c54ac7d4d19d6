/** What Node's own errors say, made into parts of a sentence. */

/** The errno's name (`ENOSPC`), or an empty string for errors that have none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
