/** Files as the log and small state files need them. Paths are relative to the box's state directory. */
export interface AppendFile {
  readonly size: number;
  /** Appends at the end; in the page cache when it returns. Throws `DiskError` when the disk is full or fails. */
  append(chunks: readonly Uint8Array[]): void;
  /** Resolves when every byte appended before the call survives a power cut. */
  sync(): Promise<void>;
  /** Reads into `target`; returns the bytes read, fewer only at the end of the file. */
  read(offset: number, target: Buffer): number;
  truncate(size: number): void;
  /**
   * Takes room behind the end, zeros that do not count in `size`: a sync of what is appended there need not record that
   * the file has grown. `seal`, `truncate` and `close` give it back; after a crash it may stand at the end of the file.
   * Does nothing where the disk is short of it.
   */
  reserve(size: number): void;
  /** Bytes of that room which are left. */
  readonly reserved: number;
  /** Gives the room back; the end of the file, and what stands before it, then survive a power cut. */
  seal(): void;
  close(): void;
}

export interface Disk {
  /** Opens for reading and appending; creates it and its folders when missing. */
  open(path: string): AppendFile;
  /** Names in a folder, sorted; empty when it does not exist. */
  list(path: string): readonly string[];
  remove(path: string): void;
  /** The whole file, or `undefined` when there is none. For small files only. */
  read(path: string): Buffer | undefined;
  /** Replaces a small file so that a crash leaves the old or the new one: write, sync, rename, sync folder. */
  replace(path: string, bytes: Uint8Array): void;
  /** CRC-32 of the bytes (the polynomial of gzip). */
  checksum(bytes: Uint8Array): number;
  /** Bytes that can still be written. */
  free(): number;
}

export class DiskError extends Error {
  override readonly name = 'DiskError';
  readonly full: boolean;
  constructor(message: string, full: boolean) {
    super(message);
    this.full = full;
  }
}
