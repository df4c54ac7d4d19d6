/**
 * What desktops do with a share, over and over: copies in both directions, a file that stays open with locks on it, files
 * that are made, renamed and deleted. Each worker knows what must be there, and throws at the first thing that is not.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Seeded } from '../support/seeded.ts';
import { type Caching, type Durability, SmbFile } from '../support/smb/file.ts';
import { Refused } from '../support/smb/login.ts';
import type { SmbMount } from '../support/smb/mount.ts';
import {
  FILE_CREATE,
  FILE_DIRECTORY_FILE,
  FILE_OPEN,
  FILE_OPEN_IF,
  FILE_OVERWRITE_IF,
} from '../support/smb/requests.ts';

export interface SmbWorker {
  readonly title: string;
  /** One round of its work, after which it may be stopped. */
  act(): Promise<void>;
  /** What is left when it has stopped: path on the share to SHA-256. */
  kept(): ReadonlyMap<string, string>;
}

export interface Place {
  readonly mount: SmbMount;
  readonly dice: Seeded;
  /** Its folder, which is there. */
  readonly folder: string;
  readonly durability: Durability;
}

export const STATUS_OBJECT_NAME_NOT_FOUND = 0xc000_0034;
const STATUS_LOCK_NOT_GRANTED = 0xc000_0055;
const STATUS_FILE_LOCK_CONFLICT = 0xc000_0054;
/** Bytes of one read or write: what 2.0.2 has at most. */
const CHUNK = 65_536;
/** Under way at once, as in a copy with the Explorer. */
const WINDOW = 4;
const FILE_CHUNKS_MAX = 12;
const COPIES_KEPT = 3;

export async function makeFolder(mount: SmbMount, name: string): Promise<void> {
  const options = FILE_DIRECTORY_FILE;
  const folder = await SmbFile.open(mount, { name, disposition: FILE_OPEN_IF, options });
  await folder.close();
}

/** Writes files of some chunks, reads each back through an open of its own, keeps the last few. */
export class CopierIn implements SmbWorker {
  readonly title: string;
  readonly #place: Place;
  readonly #kept = new Map<string, string>();
  #count = 0;

  constructor(place: Place) {
    this.#place = place;
    this.title = `${place.folder}: copying in`;
  }

  kept(): ReadonlyMap<string, string> {
    return this.#kept;
  }

  async act(): Promise<void> {
    const { mount, dice, folder, durability } = this.#place;
    const name = `${folder}\\copy-${this.#count}`;
    this.#count += 1;
    const bytes = randomBytesOf(dice, 1 + dice.below(FILE_CHUNKS_MAX * CHUNK));
    const caching: Caching = dice.chance(2) && mount.options.dialect > 0x202 ? 'lease' : 'batch';
    const call = { name, disposition: FILE_OVERWRITE_IF, durability, caching };
    const file = await durable(mount, call);
    await copyIn(file, bytes);
    if (dice.chance(3)) await file.flush();
    await file.close();
    const back = await contentOf(mount, name);
    if (!back.equals(bytes)) throw new Error(`${name}: ${differenceOf(back, bytes)}`);
    this.#kept.set(name, sumOf(bytes));
    const [oldest] = this.#kept.keys();
    if (this.#kept.size <= COPIES_KEPT || oldest === undefined) return;
    await removed(mount, oldest);
    this.#kept.delete(oldest);
  }
}

/** Reads one file from end to end, its open being kept from one time to the next. */
export class CopierOut implements SmbWorker {
  readonly title: string;
  readonly #place: Place;
  readonly #bytes: Buffer;
  readonly #name: string;
  #file: SmbFile | undefined;

  constructor(place: Place) {
    this.#place = place;
    this.#bytes = randomBytesOf(place.dice, FILE_CHUNKS_MAX * CHUNK - 1234);
    this.#name = `${place.folder}\\original`;
    this.title = `${place.folder}: copying out`;
  }

  kept(): ReadonlyMap<string, string> {
    return new Map([[this.#name, sumOf(this.#bytes)]]);
  }

  async act(): Promise<void> {
    const { mount, dice } = this.#place;
    this.#file ??= await this.#open();
    const back = await readAll(this.#file);
    if (!back.equals(this.#bytes)) {
      throw new Error(`${this.#name}: ${differenceOf(back, this.#bytes)}`);
    }
    if (!dice.chance(4)) return;
    await this.#file.close();
    this.#file = await durable(mount, { ...this.#call(), disposition: FILE_OPEN });
  }

  async #open(): Promise<SmbFile> {
    const file = await durable(this.#place.mount, this.#call());
    await copyIn(file, this.#bytes);
    return file;
  }

  #call() {
    const { durability } = this.#place;
    return { name: this.#name, disposition: FILE_OPEN_IF, durability, caching: 'batch' } as const;
  }
}

/** Has a file open from its first act on, a range of it locked, and writes there. */
export class Holder implements SmbWorker {
  readonly title: string;
  readonly #place: Place;
  readonly #name: string;
  #file: SmbFile | undefined;
  #written = 0;

  constructor(place: Place) {
    this.#place = place;
    this.#name = `${place.folder}\\held`;
    this.title = `${place.folder}: holding a lock`;
  }

  kept(): ReadonlyMap<string, string> {
    return new Map([[this.#name, sumOf(stampOf(this.#written))]]);
  }

  async act(): Promise<void> {
    this.#file ??= await this.#open();
    const file = this.#file;
    const { dice } = this.#place;
    this.#written += 1;
    await file.write(0, stampOf(this.#written));
    const back = await file.read(0, STAMP_SIZE);
    if (!back.equals(stampOf(this.#written))) {
      throw new Error(`${this.#name}: reads ${back}, wrote ${this.#written}`);
    }
    // Taken and given back, each exactly once: a second time would be refused.
    const at = PASSING_OFFSET + dice.below(100);
    const taken = await file.lock(at, 1);
    if (taken !== 0) throw new Error(`${this.#name}: no lock at ${at}: ${taken.toString(16)}`);
    await file.unlock(at, 1);
    await sleep(dice.below(6));
  }

  /** From another client: it gets neither the lock nor a write through. A lock that it did get would end the lease. */
  async check(other: SmbMount): Promise<void> {
    if (this.#file === undefined) return;
    const second = await SmbFile.open(other, { name: this.#name, disposition: FILE_OPEN });
    const overlap = await second.lock(STAMP_SIZE - 1, 10);
    expect(overlap, STATUS_LOCK_NOT_GRANTED, `${this.#name}: a second lock`);
    const { status } = await second.tryWrite(3, Buffer.from('x'));
    expect(status, STATUS_FILE_LOCK_CONFLICT, `${this.#name}: a write into the lock`);
    await second.close();
  }

  async #open(): Promise<SmbFile> {
    const { mount, durability } = this.#place;
    const call = { name: this.#name, disposition: FILE_OVERWRITE_IF, durability } as const;
    // Others may open the file as well: a lease keeps its handle through that, a batch oplock does not.
    const file = await durable(mount, { ...call, caching: 'lease' });
    expect(await file.lock(0, STAMP_SIZE), 0, `${this.#name}: the first lock`);
    return file;
  }
}

const STAMP_SIZE = 16;
const PASSING_OFFSET = 1_000;

const stampOf = (count: number): Buffer => Buffer.from(String(count).padStart(STAMP_SIZE, '0'));

/** Makes files, renames and deletes them, and looks where they went. */
export class Namer implements SmbWorker {
  readonly title: string;
  readonly #place: Place;
  #count = 0;

  constructor(place: Place) {
    this.#place = place;
    this.title = `${place.folder}: naming`;
  }

  kept(): ReadonlyMap<string, string> {
    return new Map();
  }

  async act(): Promise<void> {
    const { mount, dice, folder, durability } = this.#place;
    const [name, moved] = [`${folder}\\made-${this.#count}`, `${folder}\\moved-${this.#count}`];
    this.#count += 1;
    // A file that is made but whose answer was lost is there when it is said again: only v2 tells those apart.
    const disposition = durability === 'v2' ? FILE_CREATE : FILE_OPEN_IF;
    const file = await durable(mount, { name, disposition, durability, caching: 'batch' }, true);
    await file.write(0, Buffer.from(name));
    await file.rename(moved);
    if (await exists(mount, name)) throw new Error(`${name}: is there after its renaming`);
    if (dice.chance(2)) {
      await file.deletePending();
      await sleep(dice.below(40));
      await file.close();
    } else {
      await file.close();
      const back = await contentOf(mount, moved);
      if (String(back) !== name) throw new Error(`${moved}: has "${back}"`);
      await removed(mount, moved);
    }
    if (await exists(mount, moved)) throw new Error(`${moved}: is there after its deletion`);
  }
}

/** An open that must be durable; @param mayExist What was made by a call without an answer. */
async function durable(
  mount: SmbMount,
  call: Parameters<typeof SmbFile.open>[1],
  mayExist = false,
): Promise<SmbFile> {
  const file = await SmbFile.open(mount, call).catch((cause: Error) => {
    const isThere = cause instanceof Refused && cause.status === STATUS_OBJECT_NAME_COLLISION;
    if (!mayExist || !isThere) throw cause;
    return SmbFile.open(mount, { ...call, disposition: FILE_OPEN });
  });
  if (!file.isDurable) throw new Error(`${call.name}: ${call.durability} was not granted`);
  return file;
}

const STATUS_OBJECT_NAME_COLLISION = 0xc000_0035;

async function copyIn(file: SmbFile, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; at += WINDOW * CHUNK) {
    const starts = Array.from({ length: WINDOW }, (_, index) => at + index * CHUNK);
    const inside = starts.filter((start) => start < bytes.length);
    await Promise.all(
      inside.map((start) => file.write(start, bytes.subarray(start, start + CHUNK))),
    );
  }
}

export async function contentOf(mount: SmbMount, name: string): Promise<Buffer> {
  const file = await SmbFile.open(mount, {
    name,
    disposition: FILE_OPEN,
    durability: mount.isNewest ? 'v2' : 'v1',
    caching: 'batch',
  });
  const bytes = await readAll(file);
  await file.close();
  return bytes;
}

async function readAll(file: SmbFile): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let at = 0; ; at += CHUNK) {
    const part = await file.read(at, CHUNK);
    parts.push(part);
    if (part.length < CHUNK) return Buffer.concat(parts);
  }
}

async function removed(mount: SmbMount, name: string): Promise<void> {
  const durability = mount.isNewest ? 'v2' : 'v1';
  const call = { name, disposition: FILE_OPEN, durability, caching: 'batch' } as const;
  const file = await SmbFile.open(mount, call);
  await file.deletePending();
  await file.close();
}

async function exists(mount: SmbMount, name: string): Promise<boolean> {
  try {
    const durability = mount.isNewest ? 'v2' : 'v1';
    const call = { name, disposition: FILE_OPEN, durability, caching: 'batch' } as const;
    await (await SmbFile.open(mount, call)).close();
    return true;
  } catch (cause) {
    if (cause instanceof Refused && cause.status === STATUS_OBJECT_NAME_NOT_FOUND) return false;
    throw cause;
  }
}

export function sumOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function randomBytesOf(dice: Seeded, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE(dice.below(2 ** 32), at);
  return bytes;
}

function differenceOf(found: Buffer, wanted: Buffer): string {
  if (found.length !== wanted.length) return `${found.length} bytes, wanted ${wanted.length}`;
  const at = found.findIndex((byte, index) => byte !== wanted[index]);
  return `another byte at ${at} than was written`;
}

function expect(status: number, wanted: number, what: string): void {
  if (status !== wanted) {
    throw new Error(`${what}: NTSTATUS ${status.toString(16)}, wanted ${wanted.toString(16)}`);
  }
}
