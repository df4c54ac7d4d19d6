/**
 * System calls that Node.js does not offer, as the file-system backends need them.
 *
 * Paths are bytes *with* their closing NUL, so that no call copies a name. Every function but `syncFilesystem` blocks the event
 * loop for one system call and throws `SyscallError` unless its comment names another answer.
 */
export interface KernelHandle {
  /** The file system's own code for the shape of `bytes`. */
  readonly type: number;
  /** At most `KERNEL_HANDLE_SIZE_MAX` of them; the caller's to keep. */
  readonly bytes: Buffer;
}

/** Bytes of a kernel handle: MAX_HANDLE_SZ of Linux. */
export const KERNEL_HANDLE_SIZE_MAX = 128;

/** What `makeNode` makes, and its permission bits: as `mode_t` of Linux. */
export const NODE_FIFO = 0o010000;
export const NODE_CHARACTER = 0o020000;
export const NODE_BLOCK = 0o060000;
export const NODE_SOCKET = 0o140000;

export interface Syscalls {
  /** The handle of what the path names (a symbolic link itself, not its target); `undefined` where the file system has none. */
  nameToHandle(path: Buffer): KernelHandle | undefined;
  /**
   * Opens a file by its handle; the caller closes the descriptor. `mountFd` is any open file of the same mount.
   * Needs CAP_DAC_READ_SEARCH (`EPERM` without); a file that is gone is `ESTALE`.
   */
  openByHandle(mountFd: number, type: number, bytes: Uint8Array, flags: number): number;
  /** Makes a device node, FIFO or socket. `mode` holds the kind (`NODE_*`) and permission bits; the umask applies. */
  makeNode(path: Buffer, mode: number, major: number, minor: number): void;
  /**
   * Sets an extended attribute of an open file or of what a path names. `name` ends with its NUL. False where the file
   * system has none.
   */
  setAttribute(object: number | Buffer, name: Buffer, value: Uint8Array): boolean;
  /**
   * Reads an extended attribute of what the path names into `target`; returns its size in bytes, or `undefined` where
   * there is none that fits.
   */
  getAttribute(path: Buffer, name: Buffer, target: Uint8Array): number | undefined;
  /** Resolves when everything of the file system that the descriptor is on is stable; in a thread of its own. */
  syncFilesystem(fd: number): Promise<void>;
  /**
   * Reads at `offset` only what is in the page cache. Returns the bytes read (0 at the end of the file, may be fewer
   * than there is room where the cache holds no more), or `would-block` when none of it is cached or the file system cannot tell.
   */
  readNow(fd: number, target: Uint8Array, offset: number): number | 'would-block';
}

/** A refused system call; `code` is the name of its errno, as Node's own errors have it. */
export class SyscallError extends Error {
  override readonly name = 'SyscallError';
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
  constructor(syscall: string, code: string, errno: number) {
    super(`${code}: ${syscall} failed`);
    this.syscall = syscall;
    this.code = code;
    this.errno = errno;
  }
}
