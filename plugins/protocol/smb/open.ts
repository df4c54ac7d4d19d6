/** One opened file, folder, stream or pipe ([MS-SMB2] §3.3.1.10), and the table of all opens of this server. */

import type { ServedVolume } from '#core/group/group.ts';
import type { HeldOpen } from '#core/opens/types.ts';
import type { Random } from '#core/ports/random.ts';
import type { FileId } from '#core/vfs/inode.ts';
import type { Name } from '#core/vfs/name.ts';
import type { CreateResponse } from './create/response.ts';
import type { Watch } from './notify/watch.ts';
import type { Session } from './session.ts';
import type { DiskShare, TreeConnect } from './tree-connect.ts';

/** SMB2_FILEID (§2.2.14.1). */
export interface FileHandle {
  /** Unique across boxes and boots. */
  readonly persistent: bigint;
  /** Minted anew at each reconnect. */
  readonly volatile: bigint;
}

export interface OpenBase {
  readonly id: FileHandle;
  readonly session: Session;
  readonly tree: TreeConnect;
  /** Out of the table: a request that waited for something finds it so and answers STATUS_FILE_CLOSED. */
  isClosed: boolean;
  /**
   * What must end with the open: waiting locks and CHANGE_NOTIFY requests. Each runs once, in any order, when the open
   * is closed for whatever reason; whoever is done earlier takes itself out.
   */
  readonly atClose: Set<() => void>;
}

/** Where a name stands. */
export interface OpenPlace {
  readonly directory: FileId;
  readonly name: Name;
}

/** A file, folder or stream of a volume. */
export interface FileOpen extends OpenBase {
  readonly kind: 'file';
  readonly share: DiskShare;
  readonly volume: ServedVolume;
  /** As the manager of opens has it: share mode, locks, oplock or lease. */
  readonly held: HeldOpen;
  /** What has names, times, mode and DOS attributes. */
  readonly file: FileId;
  /** What has the bytes and the size: the stream's own object, or `file` again for the unnamed stream. */
  readonly content: FileId;
  /** As it is spelled where it is stored, without colons and type; empty for the unnamed one. */
  stream: Name;
  readonly isDirectory: boolean;
  /** Specific rights only: generic ones and MAXIMUM_ALLOWED were mapped (§2.2.13.1). */
  readonly granted: number;
  /** FILE_SHARE_*. */
  readonly shareAccess: number;
  /** As CREATE said them (§2.2.13). */
  readonly createOptions: number;
  /**
   * The name it was opened by, followed through renames made here; of the share's root the root's own inode and an empty
   * name. Whether the name still means `file` must be looked up.
   */
  place: OpenPlace;
  /** SET_INFO set the write time, so that writes leave it alone until the open ends ([MS-FSA] §2.1.1.4 UserSetModificationTime). */
  writeTimeIsSet: boolean;
  /** CurrentByteOffset of FilePositionInformation. */
  position: number;
  /** FILE_WRITE_THROUGH, FILE_SEQUENTIAL_ONLY and such, for FileModeInformation. */
  mode: number;
  /** What QUERY_DIRECTORY keeps between calls; only its handler knows the form. */
  enumeration: object | undefined;
  /** Since the first CHANGE_NOTIFY. */
  watch?: Watch | undefined;
  /** ChannelSequence and its counters (§3.3.5.2.10). */
  channelSequence: number;
  outstandingRequests: number;
  outstandingPreRequests: number;
  /** Nothing was asked of it yet: its CREATE may be sent again and gets the same answer (§3.3.5.9.10). */
  isReplayEligible: boolean;
  /** It is kept when its connection is lost (§3.3.5.9.6, §3.3.5.9.10). */
  isDurable: boolean;
  /** Open.LockSequenceArray (§3.3.1.10): 64 bytes. */
  readonly lockSequences: Buffer;
  /** Of DH2Q: 16 bytes, hex; otherwise empty. */
  readonly createGuid: string;
  /** Bytes that the client set aside; the size when that is more. */
  allocation: number;
  /** The response to its CREATE: what a replay gets again. */
  created: CreateResponse;
}

/** A named pipe of IPC$. */
export interface PipeOpen extends OpenBase {
  readonly kind: 'pipe';
  readonly pipe: Pipe;
}

export type Open = FileOpen | PipeOpen;

/** One end of a named pipe in message mode, as READ, WRITE and FSCTL_PIPE_TRANSCEIVE use it. */
export interface Pipe {
  /** Bytes that wait to be read. */
  readonly waiting: number;
  /** Takes one whole message; returns an NTSTATUS. */
  write(message: Buffer): number;
  /**
   * Fills `target` with what has been answered; STATUS_BUFFER_OVERFLOW when the message is longer than that, and the rest
   * comes with the next call.
   */
  read(target: Buffer): { readonly status: number; readonly size: number };
  close(): void;
}

/** Opens of one session, at most: a client of Windows holds some hundreds, a test suite tens of thousands. */
export const OPENS_PER_SESSION_MAX = 65_536;

/** Named pipes at once: a client has one for as long as it lists shares or asks for names. */
export const PIPES_MAX = 1024;

const ALL_ONES = 0xffff_ffff_ffff_ffffn;

const IN_PROGRESS = 'in-progress';

/** All opens that live connections have on this box: Server.GlobalOpenTable (§3.3.1.5). One a server. */
export class OpenTable {
  readonly #random: Random;
  readonly #opens = new Map<bigint, Open>();
  readonly #bySession = new Map<bigint, Set<Open>>();
  /** By client and CreateGuid, also those whose CREATE is under way: what a replay finds. */
  readonly #byGuid = new Map<string, FileOpen | typeof IN_PROGRESS>();
  /** Of all volumes; of a stream its base file. */
  readonly #byFile = new Map<FileId, Set<FileOpen>>();
  /** See `doom`. */
  readonly #doomed = new Set<string>();
  #nextVolatile = 1n;
  #pipes = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** FileIds for a new open; `persistent` is that of a durable open which is being taken up again. */
  mint(persistent?: bigint): FileHandle {
    const volatile = this.#nextVolatile;
    this.#nextVolatile += 1n;
    return { persistent: persistent ?? this.#mintPersistent(), volatile };
  }

  /** False when the session has as many opens as it may, or the server as many pipes. */
  add(open: Open): boolean {
    const own = this.#bySession.get(open.session.id) ?? new Set();
    if (own.size >= OPENS_PER_SESSION_MAX) return false;
    if (open.kind === 'pipe' && this.#pipes >= PIPES_MAX) return false;
    if (open.kind === 'pipe') this.#pipes += 1;
    this.#bySession.set(open.session.id, own);
    own.add(open);
    this.#opens.set(open.id.volatile, open);
    if (open.kind === 'file') {
      const same = this.#byFile.get(open.file) ?? new Set();
      this.#byFile.set(open.file, same);
      same.add(open);
    }
    return true;
  }

  /** The open behind a FileId, if it is one of that session and tree (§3.3.5.9 and others: STATUS_FILE_CLOSED if not). */
  find(id: FileHandle, sessionId: bigint, treeId: number): Open | undefined {
    const open = this.#opens.get(id.volatile);
    if (open === undefined || open.id.persistent !== id.persistent) return undefined;
    if (open.session.id !== sessionId || open.tree.id !== treeId) return undefined;
    if (open.kind === 'file') open.isReplayEligible = false;
    return open;
  }

  /** Does not end it: see `closeOpen`. */
  remove(open: Open): void {
    if (this.#opens.delete(open.id.volatile) && open.kind === 'pipe') this.#pipes -= 1;
    if (open.kind === 'file') this.#forgetFile(open);
    if (open.kind === 'file' && open.createGuid !== '') {
      const { clientGuid } = open.held;
      const isIt = this.byCreateGuid(clientGuid, open.createGuid) === open;
      if (isIt) this.setCreateGuid(clientGuid, open.createGuid, undefined);
    }
    const own = this.#bySession.get(open.session.id);
    if (own === undefined) return;
    own.delete(open);
    if (own.size === 0) this.#bySession.delete(open.session.id);
  }

  at(volatile: bigint): Open | undefined {
    return this.#opens.get(volatile);
  }

  /** The open that a CreateGuid made on this box (§3.3.5.9.10). */
  byCreateGuid(clientGuid: string, createGuid: string): FileOpen | typeof IN_PROGRESS | undefined {
    return this.#byGuid.get(clientGuid + createGuid);
  }

  /** `undefined` takes it out. */
  setCreateGuid(
    clientGuid: string,
    createGuid: string,
    open: FileOpen | typeof IN_PROGRESS | undefined,
  ): void {
    if (open === undefined) this.#byGuid.delete(clientGuid + createGuid);
    else this.#byGuid.set(clientGuid + createGuid, open);
  }

  ofSession(sessionId: bigint): readonly Open[] {
    return [...(this.#bySession.get(sessionId) ?? [])];
  }

  ofTree(sessionId: bigint, treeId: number): readonly Open[] {
    return this.ofSession(sessionId).filter((open) => open.tree.id === treeId);
  }

  /** The names by which a file is open. */
  *placesOf(volume: number, file: FileId): Iterable<OpenPlace> {
    for (const open of this.#byFile.get(file) ?? []) {
      if (open.volume.record.id === volume && open.stream === '') yield open.place;
    }
  }

  /**
   * The file was to go with its last open, and has gone but for streams that are still open: nobody opens it any more, and
   * it goes with the last of them.
   */
  doom(volume: number, file: FileId): void {
    this.#doomed.add(`${volume}/${file}`);
  }

  isDoomed(volume: number, file: FileId): boolean {
    return this.#doomed.size > 0 && this.#doomed.has(`${volume}/${file}`);
  }

  spare(volume: number, file: FileId): void {
    this.#doomed.delete(`${volume}/${file}`);
  }

  spareAll(): void {
    this.#doomed.clear();
  }

  get size(): number {
    return this.#opens.size;
  }

  all(): Iterable<Open> {
    return this.#opens.values();
  }

  #forgetFile(open: FileOpen): void {
    const same = this.#byFile.get(open.file);
    same?.delete(open);
    if (same?.size === 0) this.#byFile.delete(open.file);
  }

  /** 64 random bits: two of a million opens are alike once in forty million such clusters. */
  #mintPersistent(): bigint {
    for (;;) {
      const id = this.#random.bytes(8).readBigUInt64LE(0);
      if (id !== 0n && id !== ALL_ONES) return id;
    }
  }
}
