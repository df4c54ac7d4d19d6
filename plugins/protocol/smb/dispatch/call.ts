/** One request under way: what its command may reach, and what must be committed before it is answered. */
import { AssertionError, assert } from '#core/assert.ts';
import type { Transaction } from '#core/group/group.ts';
import { err, type Result } from '#core/result.ts';
import type { Caller } from '#core/vfs/caller.ts';
import type { Inode } from '#core/vfs/inode.ts';
import type { FsError } from '#core/vfs/status.ts';
import type { Inside, SmbCall } from '../command.ts';
import type { SmbConnection } from '../connection.ts';
import type { ConnectionState } from '../connection-state.ts';
import type { FileHandle, Open } from '../open.ts';
import type { Scene } from '../scene.ts';
import type { ServerSession } from '../server-session.ts';
import type { Session } from '../session.ts';
import type { TreeConnect } from '../tree-connect.ts';
import type { Header } from '../wire/header.ts';
import type { Pended } from './pended.ts';

const ALL_ONES = 0xffff_ffff_ffff_ffffn;

/** What the requests of one message hand on to each other. */
export interface Baton {
  session: ServerSession | undefined;
  sessionId: bigint;
  tree: TreeConnect | undefined;
  treeId: number;
  open: Open | undefined;
  /** Why the request before has no open to hand on. */
  failed: number;
  /** The request at hand did not come as far as its command. */
  isRefused: boolean;
}

export interface CallDependencies {
  readonly scene: Scene;
  readonly connection: SmbConnection;
  readonly header: Header;
  readonly message: Buffer;
  readonly baton: Baton;
  readonly isEncrypted: boolean;
  readonly isSigned: boolean;
  /** The request goes on later: sends the interim response, or refuses. */
  pend(call: ServerCall, cancel: () => void): void;
}

export class ServerCall implements SmbCall {
  readonly header: Header;
  readonly #deps: CallDependencies;
  /** The newest entry that the answer tells of. */
  seen = 0;
  /** Once it went on asynchronously. */
  pended: Pended | undefined;
  /** It may not go on: answered with this, whatever comes of it. */
  refused: number | undefined;

  constructor(deps: CallDependencies) {
    this.#deps = deps;
    this.header = deps.header;
  }

  get inside(): Inside {
    const { connection, baton, message, isEncrypted, isSigned } = this.#deps;
    return {
      connection,
      session: baton.session,
      message,
      isEncrypted,
      isSigned,
      enter(session) {
        baton.session = session;
        baton.sessionId = session.id;
      },
      enterTree(tree) {
        baton.tree = tree;
        baton.treeId = tree.id;
      },
    };
  }

  get scene(): Scene {
    return this.#deps.scene;
  }

  get connection(): ConnectionState & SmbConnection {
    return this.#deps.connection;
  }

  get session(): ServerSession & Session {
    const { session } = this.#deps.baton;
    assert(session !== undefined, 'SMB: a command without a session asks for it');
    return session;
  }

  get tree(): TreeConnect {
    const { tree } = this.#deps.baton;
    assert(tree !== undefined, 'SMB: a command without a tree asks for it');
    return tree;
  }

  get caller(): Caller {
    return this.session.user.caller;
  }

  open(id: FileHandle): Open | undefined {
    const { baton, scene } = this.#deps;
    if (id.persistent === ALL_ONES && id.volatile === ALL_ONES && baton.open !== undefined) {
      return baton.open.isClosed ? undefined : baton.open;
    }
    const open = scene.table.find(id, this.session.id, this.tree.id);
    if (open !== undefined) baton.open = open;
    return open;
  }

  remember(open: Open): void {
    this.#deps.baton.open = open;
  }

  transact<T>(run: (transaction: Transaction) => Result<T, FsError>): Result<T, FsError> {
    const { group } = this.#deps.scene;
    // It went on after a wait, and another box serves by now: nobody will be told of this either.
    if (!group.serving) return err('io');
    const transaction = group.begin();
    let result: Result<T, FsError>;
    try {
      result = run(transaction);
    } catch (error) {
      // What was changed before it is on this box: it must be in the log as well. A broken invariant ends the process.
      if (!(error instanceof AssertionError))
        this.seen = Math.max(this.seen, group.seal(undefined));
      throw error;
    }
    this.seen = Math.max(this.seen, group.seal(undefined));
    return result;
  }

  see(inode: Inode): void {
    if (inode.change > this.seen) this.seen = inode.change;
  }

  pend(cancel: () => void): void {
    this.#deps.pend(this, cancel);
  }
}
