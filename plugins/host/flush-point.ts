/**
 * Where the store was whole and on the disk for the last time, in a small file beside it.
 *
 * Two slots are written in turn, so that a power cut while one is written leaves the other:
 *
 *     0      JSON: format, sequence, boot, creating, checksum of the root; a line end; zeros
 *     512    the root: the first two pages of the LMDB file, which name the tree
 *     8704   end
 */
import {
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readSync,
  write,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import * as v from 'valibot';
import { makeFolder } from './disk.ts';

/** Of store and flush point together; raised when an older program could not read what is written now. */
export const STORE_FORMAT = 1;
/** Bytes of an LMDB page, fixed so that a store can be carried to a machine with larger ones. */
export const PAGE_SIZE = 4096;
export const ROOT_SIZE = 2 * PAGE_SIZE;

/** Magic number and version of LMDB stand behind the header of each root page. */
const MAGIC_OFFSET = 16;
const MAGIC_SIZE = 8;

const HEADER_SIZE = 512;
const SLOT_SIZE = HEADER_SIZE + ROOT_SIZE;

const Header = v.object({
  format: v.number(),
  sequence: v.number(),
  boot: v.string(),
  creating: v.boolean(),
  checksum: v.number(),
});
type Header = v.InferOutput<typeof Header>;

interface Slot {
  readonly header: Header;
  readonly root: Buffer;
}

const writeAt = promisify(write);
const syncData = promisify(fdatasync);

export class FlushPoint {
  readonly #fd: number;
  readonly #boot: string;
  #latest: Slot | undefined;

  /** Opens or creates the file. `boot` is the present one. Throws a sentence when the format is newer than known. */
  static open(path: string, boot: string): FlushPoint {
    makeFolder(dirname(path));
    const isNew = !existsSync(path);
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    const latest = isNew ? undefined : readLatest(fd);
    if (latest !== undefined && latest.header.format > STORE_FORMAT) {
      closeSync(fd);
      throw new Error(
        `${path}: store format ${latest.header.format}, this program knows ${STORE_FORMAT}; start the newer program, or restore a backup made by this one`,
      );
    }
    return new FlushPoint(fd, boot, latest);
  }

  private constructor(fd: number, boot: string, latest: Slot | undefined) {
    this.#fd = fd;
    this.#boot = boot;
    this.#latest = latest;
  }

  /** The root to go back to; `undefined` before the first flush. */
  get root(): Buffer | undefined {
    return this.creating ? undefined : this.#latest?.root;
  }

  /** Whether a store was begun here and never flushed. */
  get creating(): boolean {
    return this.#latest?.header.creating === true;
  }

  /** The boot in which the latest root was recorded. */
  get boot(): string | undefined {
    return this.#latest?.header.boot;
  }

  /** Says that a store is being made, before its file exists. */
  begin(): void {
    const slot = this.#next(Buffer.alloc(ROOT_SIZE), true);
    writeSync(this.#fd, encode(slot), 0, SLOT_SIZE, placeOf(slot));
    fdatasyncSync(this.#fd);
    this.#latest = slot;
  }

  /** Resolves when a power cut leaves this root; the pages below it must be on the disk already. */
  async record(root: Buffer): Promise<void> {
    const slot = this.#next(root, false);
    await writeAt(this.#fd, encode(slot), 0, SLOT_SIZE, placeOf(slot));
    await syncData(this.#fd);
    this.#latest = slot;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #next(root: Buffer, creating: boolean): Slot {
    const sequence = (this.#latest?.header.sequence ?? 0) + 1;
    const header = {
      format: STORE_FORMAT,
      sequence,
      boot: this.#boot,
      creating,
      checksum: crc32(root),
    };
    return { header, root };
  }
}

/** Whether the data file begins as LMDB's do. LMDB must not be asked: lmdb-js crashes on a file that is not its own. */
export function isSameKind(path: string, root: Buffer): boolean {
  const found = Buffer.alloc(ROOT_SIZE);
  const fd = openSync(path, constants.O_RDONLY);
  try {
    readSync(fd, found, 0, ROOT_SIZE, 0);
  } finally {
    closeSync(fd);
  }
  return [0, PAGE_SIZE].every((page) => {
    const [from, to] = [page + MAGIC_OFFSET, page + MAGIC_OFFSET + MAGIC_SIZE];
    return found.subarray(from, to).equals(root.subarray(from, to));
  });
}

/** Puts the root pages back into the data file, durably. */
export function restoreRoot(path: string, root: Buffer): void {
  const fd = openSync(path, constants.O_WRONLY);
  try {
    writeSync(fd, root, 0, ROOT_SIZE, 0);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function placeOf(slot: Slot): number {
  return (slot.header.sequence % 2) * SLOT_SIZE;
}

function encode(slot: Slot): Buffer {
  const bytes = Buffer.alloc(SLOT_SIZE);
  bytes.write(`${JSON.stringify(slot.header)}\n`, 0, HEADER_SIZE, 'latin1');
  slot.root.copy(bytes, HEADER_SIZE);
  return bytes;
}

function readLatest(fd: number): Slot | undefined {
  const slots = [readSlot(fd, 0), readSlot(fd, SLOT_SIZE)].filter((slot) => slot !== undefined);
  slots.sort((a, b) => b.header.sequence - a.header.sequence);
  return slots[0];
}

/** `undefined` for a slot never written or torn by a power cut. */
function readSlot(fd: number, offset: number): Slot | undefined {
  const bytes = Buffer.alloc(SLOT_SIZE);
  readSync(fd, bytes, 0, SLOT_SIZE, offset);
  const line = bytes.toString('latin1', 0, bytes.indexOf('\n'));
  const header = v.safeParse(v.pipe(v.string(), v.parseJson(), Header), line);
  if (!header.success) return undefined;
  const root = bytes.subarray(HEADER_SIZE);
  return crc32(root) === header.output.checksum ? { header: header.output, root } : undefined;
}
