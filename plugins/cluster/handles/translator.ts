/**
 * Common handle to file id and back (DESIGN section 5). A handle is either decodable by itself (`generic`) or stands in
 * the volume's replicated table (`issuer`). Encoded handles are remembered, which saves nine tenths of the cost; verified ones are
 * not, because looking bytes up in a map costs as much as their MAC.
 */
import { assert } from '#core/assert.ts';
import type { Group } from '#core/group/group.ts';
import { err, ok, type Result } from '#core/result.ts';
import {
  COMMON_HANDLE_SIZE_MAX,
  type CommonHandle,
  type HandleStrategy,
  type HandleSubject,
  type HandleTranslator,
} from '#core/vfs/handle.ts';
import type { Inode } from '#core/vfs/inode.ts';
import type { FsError } from '#core/vfs/status.ts';
import { HandleKeys } from './keys.ts';
import {
  GENERIC,
  GENERIC_SIZE,
  ISSUER,
  ISSUER_SIZE_MIN,
  type IssuedSubject,
  issuerFits,
  MAC_SIZE,
  readGeneric,
  readIssuer,
  writeGeneric,
  writeIssuer,
} from './layout.ts';
import { Recent } from './recent.ts';

/** Handles remembered: the names of some large directories, at about 250 bytes each 8 MiB. */
const REMEMBERED_MAX = 32_768;
/** Files below this have an exact number of their own for every pair of file and export. */
const REMEMBERED_FILE_MAX = 2 ** 37;

interface Encoded {
  readonly volume: number;
  readonly generation: number;
  readonly strategy: HandleStrategy;
  readonly handle: CommonHandle;
}

/** What of the group is needed to translate. */
export type HandleGroup = Pick<Group, 'serving' | 'volume' | 'handleKeys'>;

const BAD: Result<HandleSubject, FsError> = err('bad-handle');
const STALE: Result<HandleSubject, FsError> = err('stale');
const NOT_LIVE: Result<HandleSubject, FsError> = err('io');

export class Translator implements HandleTranslator {
  readonly #group: HandleGroup;
  readonly #keys: HandleKeys;
  readonly #encoded = new Recent<number, Encoded>(REMEMBERED_MAX);

  constructor(group: HandleGroup) {
    this.#group = group;
    this.#keys = new HandleKeys(() => group.handleKeys());
  }

  /** The buffer is remembered and given out again: the caller must not write to it. */
  encode(volume: number, exportId: number, strategy: HandleStrategy, inode: Inode): CommonHandle {
    this.#refresh();
    if (inode.id >= REMEMBERED_FILE_MAX) return this.#make(volume, exportId, strategy, inode);
    const key = inode.id * 0x1_0000 + exportId;
    const known = this.#encoded.get(key);
    if (
      known !== undefined &&
      known.generation === inode.generation &&
      known.volume === volume &&
      known.strategy === strategy
    ) {
      return known.handle;
    }
    const handle = this.#make(volume, exportId, strategy, inode);
    this.#encoded.set(key, { volume, generation: inode.generation, strategy, handle });
    return handle;
  }

  /**
   * Called while the group serves only; a frontend holds its calls at other times. Nothing but a live table may say
   * `stale`, so that a call which slips through otherwise gets `io`.
   */
  decode(handle: Buffer): Result<HandleSubject, FsError> {
    if (handle.length < ISSUER_SIZE_MIN || handle.length > COMMON_HANDLE_SIZE_MAX) return BAD;
    this.#refresh();
    const form = handle.readUInt8(0);
    if (form === GENERIC) {
      if (handle.length !== GENERIC_SIZE || !this.#keys.verify(handle)) return BAD;
      const subject = readGeneric(handle);
      return subject === undefined ? BAD : ok(subject);
    }
    if (form !== ISSUER || !this.#keys.verify(handle)) return BAD;
    const subject = readIssuer(handle);
    return subject === undefined ? BAD : this.#translate(subject);
  }

  #refresh(): void {
    if (this.#keys.refresh()) this.#encoded.clear();
  }

  #make(volume: number, exportId: number, strategy: HandleStrategy, inode: Inode): CommonHandle {
    assert(exportId > 0 && exportId <= 0xffff, `export id ${exportId}: 1 to 65535`);
    const bytes = Buffer.allocUnsafe(COMMON_HANDLE_SIZE_MAX);
    const subject = { volume, export: exportId, file: inode.id, generation: inode.generation };
    const issued = strategy === 'issuer' && issuerFits(inode.issuer, inode.issuerHandle);
    const size = issued
      ? writeIssuer(bytes, this.#keys.newest, {
          volume,
          export: exportId,
          issuer: inode.issuer,
          handle: inode.issuerHandle,
        })
      : writeGeneric(bytes, this.#keys.newest, subject);
    this.#keys.sign(bytes, size);
    return bytes.subarray(0, size + MAC_SIZE) as CommonHandle;
  }

  #translate(subject: IssuedSubject): Result<HandleSubject, FsError> {
    const volume = this.#group.volume(subject.volume);
    const file = volume?.issued(subject.issuer, subject.handle);
    const inode = file === undefined ? undefined : volume?.tree.inode(file);
    if (inode === undefined) return this.#group.serving ? STALE : NOT_LIVE;
    return ok({
      volume: subject.volume,
      export: subject.export,
      file: inode.id,
      generation: inode.generation,
    });
  }
}
