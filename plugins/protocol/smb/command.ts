/** What a command of SMB2 is, and what its handler may reach. */

import type { Transaction } from '#core/group/group.ts';
import type { Result } from '#core/result.ts';
import type { Caller } from '#core/vfs/caller.ts';
import type { Inode } from '#core/vfs/inode.ts';
import type { FsError } from '#core/vfs/status.ts';
import type { SmbConnection } from './connection.ts';
import type { ConnectionState } from './connection-state.ts';
import type { FileHandle, Open } from './open.ts';
import type { Scene } from './scene.ts';
import type { ServerSession } from './server-session.ts';
import type { Session } from './session.ts';
import type { TreeConnect } from './tree-connect.ts';
import type { RequestHeader } from './wire/header.ts';
import type { SmbReader } from './wire/reader.ts';
import type { SmbWriter } from './wire/writer.ts';

/** A status with or without a body: STATUS_BUFFER_OVERFLOW and friends have one, errors have the error body (§2.2.2). */
export type Outcome<Response> =
  | { readonly status: number; readonly response: Response }
  | { readonly status: number; readonly response?: never; readonly errorData?: Buffer };

/**
 * One command, in one file. The server decodes the request, handles it and encodes the response; the client of the
 * tests does the first and the last the other way round.
 */
export interface Command<Request, Response, Answer = Response> {
  /** As [MS-SMB2] §2.2.1.2 spells it. */
  readonly name: string;
  readonly code: number;
  /** What must be there before the handler is asked (§3.3.5.2.9 and .11). */
  readonly needs: 'nothing' | 'session' | 'tree';
  /** From StructureSize on. Views are valid until the call is answered. */
  decode(from: SmbReader): Request;
  /** Synchronous wherever the answer is in memory. A promise becomes an interim response when it takes long. */
  handle(call: SmbCall, request: Request): Outcome<Response> | Promise<Outcome<Response>>;
  /** From StructureSize on. */
  encode(to: SmbWriter, response: Response): void;
  encodeRequest(to: SmbWriter, request: Request): void;
  decodeResponse(from: SmbReader): Answer;
}

export type AnyCommand = Command<unknown, unknown, unknown>;

export interface SmbCall {
  readonly scene: Scene;
  readonly header: RequestHeader;
  readonly connection: ConnectionState;
  /** There where the command needs it. */
  readonly session: Session;
  readonly tree: TreeConnect;
  /** Who asks: the session's user. */
  readonly caller: Caller;
  /**
   * The open behind a FileId of this session and tree; in a related compound the FileId of all ones means that of the
   * request before (§3.3.5.2.7.2). `undefined`: STATUS_FILE_CLOSED.
   */
  open(id: FileHandle): Open | undefined;
  /** What related requests after this one mean. */
  remember(open: Open): void;
  /**
   * Runs changes that become one entry; the response waits for its commit. Synchronous. A call may do this more than once.
   */
  transact<T>(run: (transaction: Transaction) => Result<T, FsError>): Result<T, FsError>;
  /** The response tells of this inode: it waits until that state is committed. */
  see(inode: Inode): void;
  /**
   * The request may take as long as it likes: an interim response with an AsyncId goes out now (§3.3.4.2), and `cancel`
   * runs when the client cancels it or goes.
   */
  pend(cancel: () => void): void;
  /** For the commands that make and end connections, sessions and trees. */
  readonly inside: Inside;
}

/** What beyond its own request NEGOTIATE, SESSION_SETUP, LOGOFF, TREE_CONNECT and TREE_DISCONNECT touch. */
export interface Inside {
  readonly connection: SmbConnection;
  /** The session that the request names, valid or not; of a SESSION_SETUP that begins one: none yet. */
  readonly session: ServerSession | undefined;
  /** The request from its header on. */
  readonly message: Buffer;
  readonly isEncrypted: boolean;
  readonly isSigned: boolean;
  /** The response, and related requests after it, are of this session. */
  enter(session: ServerSession): void;
  /** The response, and related requests after it, are of this tree. */
  enterTree(tree: TreeConnect): void;
}
