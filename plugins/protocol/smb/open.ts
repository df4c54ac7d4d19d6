/** One opened file, folder, stream or pipe ([MS-SMB2] §3.3.1.10). */

/** SMB2_FILEID (§2.2.14.1). */
export interface FileHandle {
  /** Unique across boxes and boots. */
  readonly persistent: bigint;
  /** Minted anew at each reconnect. */
  readonly volatile: bigint;
}

/** Filled in by what CREATE needs (create.ts owns it). */
export interface Open {
  readonly id: FileHandle;
}
