/** One call under way: what its procedure may reach, and what must be committed before it is answered. */
import { assert } from '#core/assert.ts';
import type { Group, ServedVolume, Transaction } from '#core/group/group.ts';
import type { OpensManager } from '#core/opens/opens.ts';
import type { Clock } from '#core/ports/clock.ts';
import { err, ok, type Result } from '#core/result.ts';
import type { Caller } from '#core/vfs/caller.ts';
import type { CommonHandle, HandleTranslator } from '#core/vfs/handle.ts';
import type { Inode } from '#core/vfs/inode.ts';
import type { FsError } from '#core/vfs/status.ts';
import type { Operation } from '#core/volume/operation.ts';
import type { Counters } from './counters.ts';
import type { Admissions, Export, ExportTable } from './exports.ts';
import { type Fsid, fsidOf } from './fsid.ts';
import type { MountList } from './mount/list.ts';
import type { PortTable } from './portmap/ports.ts';
import type { Credential } from './rpc/auth.ts';
import type { ReplySpace } from './rpc/reply-queue.ts';

/** What all calls of this server share. */
export interface Scene {
  readonly group: Group;
  readonly handles: HandleTranslator;
  /** Who has which file open, of all protocols. */
  readonly opens: OpensManager;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly exports: ExportTable;
  readonly mounts: MountList;
  readonly ports: PortTable;
}

/** The connection that a call came by. */
export interface Peer {
  /** Of the client, literal, without port; IPv4 as IPv4. */
  readonly address: string;
  /** The service address that it reached. */
  readonly localAddress: string;
  readonly admissions: Admissions;
}

/** A file that a handle leads to. */
export interface Located {
  readonly volume: ServedVolume;
  readonly export: Export;
  readonly inode: Inode;
  readonly fsid: Fsid;
  readonly caller: Caller;
}

type ChangeOptions = { readonly data?: Buffer; readonly stable?: boolean };

export class Call {
  readonly scene: Scene;
  readonly peer: Peer;
  readonly credential: Credential | undefined;
  /** Where the reply is written. */
  readonly space: ReplySpace | undefined;
  /** Of a procedure that `changes`. */
  readonly transaction: Transaction | undefined;
  /** The newest entry that the answer tells of. */
  seen = 0;

  constructor(
    scene: Scene,
    peer: Peer,
    credential: Credential | undefined,
    way: { readonly space: ReplySpace } | { readonly transaction: Transaction },
  ) {
    this.scene = scene;
    this.peer = peer;
    this.credential = credential;
    this.space = 'space' in way ? way.space : undefined;
    this.transaction = 'transaction' in way ? way.transaction : undefined;
  }

  /** The file behind a handle, if this client may use its export. */
  locate(handle: Buffer): Result<Located, FsError> {
    const subject = this.scene.handles.decode(handle);
    if (!subject.ok) return this.#refuse(subject.error);
    const { volume: volumeId, file, generation, export: exportId } = subject.value;
    const entry = this.scene.exports.get(exportId);
    if (entry === undefined || entry.record.volume !== volumeId) return this.#refuse('stale');
    if (!this.peer.admissions.admits(entry)) return err('access');
    const volume = this.scene.group.volume(volumeId);
    const inode = volume?.tree.inode(file);
    if (volume === undefined || inode === undefined) return this.#refuse('stale');
    if (inode.generation !== generation) return this.#refuse('stale');
    this.see(inode);
    const caller = entry.callerOf(this.credential);
    return ok({ volume, export: entry, inode, fsid: fsidOf(volume), caller });
  }

  /** `locate` for a procedure that changes something. */
  locateForChange(handle: Buffer): Result<Located, FsError> {
    const located = this.locate(handle);
    if (located.ok && located.value.export.record.readOnly) return err('read-only');
    return located;
  }

  /** The answer will tell of this inode. */
  see(inode: Inode): void {
    if (inode.change > this.seen) this.seen = inode.change;
  }

  /** Valid until the next call of it. */
  handleOf(located: Located, inode: Inode): CommonHandle {
    const { id, handles } = located.export.record;
    return this.scene.handles.encode(located.volume.record.id, id, handles, inode);
  }

  change<Args, Change, Outcome>(
    operation: Operation<Args, Change, Outcome>,
    located: Located,
    args: Args,
    options: ChangeOptions = {},
  ): Result<Outcome, FsError> {
    assert(this.transaction !== undefined, 'a call changes something without a transaction');
    const strategy = located.export.record.handles;
    return this.transaction.change(operation, located.volume, located.caller, args, {
      strategy,
      ...options,
    });
  }

  /** What proves the refusal may itself not be committed yet: it waits for everything that is staged. */
  #refuse(error: FsError): Result<never, FsError> {
    if (error === 'stale' && this.transaction === undefined) {
      const { group } = this.scene;
      group.begin();
      this.seen = Math.max(this.seen, group.seal(undefined));
    }
    return err(error);
  }
}
