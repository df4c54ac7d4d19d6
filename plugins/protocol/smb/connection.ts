/**
 * One client's connection: takes its messages in, holds it back when it sends more than is answered, and sends what is to be
 * sent once it may be ([MS-SMB2] §3.3.1.7).
 *
 *     bytes -> FrameReader -> [opened] -> Chain -> [sealed] -> committed? -> bytes
 */
import type { Position } from '#core/group/entry.ts';
import type { Connection, Receiver } from '#core/ports/net.ts';
import { DecodeError } from '#core/wire/reader.ts';
import type { ConnectionState, Dialect } from './connection-state.ts';
import type { SmbCounters } from './counters.ts';
import {
  type CipherId,
  type Sealer,
  TRANSFORM_PROTOCOL_ID,
  transformSession,
} from './crypto/encryption.ts';
import { PREAUTH_START } from './crypto/preauth.ts';
import { SIGNING_HMAC_SHA256, type SigningAlgorithm } from './crypto/signing.ts';
import { Chain } from './dispatch/chain.ts';
import { creditsFor } from './dispatch/credits.ts';
import { PendedTable } from './dispatch/pended.ts';
import { MessageWindow } from './dispatch/window.ts';
import { endSession } from './ending.ts';
import { SMB1_PROTOCOL_ID, translated } from './negotiate/smb1.ts';
import type { Scene } from './scene.ts';
import type { ServerSession } from './server-session.ts';
import { FRAME_HEADER_SIZE, FrameReader } from './wire/frame-reader.ts';
import {
  type Header,
  SMB2_FLAGS_SERVER_TO_REDIR,
  SMB2_PROTOCOL_ID,
  writeHeader,
} from './wire/header.ts';
import type { SmbWriter } from './wire/writer.ts';
import { MESSAGE_SIZE_MAX, type WriterPool } from './wire/writer-pool.ts';

/** Bytes of a message of somebody who has not shown who he is: the largest security token fits. */
const STRANGER_SIZE_MAX = 80 * 1024;
/** Bytes of responses queued to a client that does not take them, before its requests are left waiting: four full READs. */
const QUEUED_SIZE_MAX = 4 * 1024 * 1024;
/** Messages whose responses wait for something: more than any client has credits for that it uses. */
const WAITING_MAX = 1024;
/** Bytes of such messages: sixteen full WRITEs. */
const WAITING_SIZE_MAX = 16 * 1024 * 1024;

export interface ConnectionDependencies {
  readonly scene: Scene;
  readonly writers: WriterPool;
  /** Of the client and of the service address, as people write them. */
  readonly address: string;
  readonly localAddress: string;
  /** Whether this box may take requests at this moment. */
  serves(): boolean;
  /** False while a planned move is under way: requests are held then, and `later` says when to ask again. */
  accepts(): boolean;
  later(run: () => void): void;
  /** Bytes that arrived, for the statistics. */
  arrived(size: number): void;
  readonly counters: SmbCounters;
  closed(connection: SmbConnection): void;
}

export class SmbConnection implements Receiver, ConnectionState {
  readonly scene: Scene;
  readonly writers: WriterPool;
  readonly counters: SmbCounters;
  readonly address: string;
  readonly localAddress: string;
  readonly window = new MessageWindow();
  readonly pended = new PendedTable();
  /** Valid ones, and those in progress. */
  readonly sessions = new Map<bigint, ServerSession>();
  dialect: Dialect | 0 = 0;
  clientGuid = '0'.repeat(32);
  clientCapabilities = 0;
  clientSecurityMode = 0;
  maxTransactSize = 65_536;
  maxReadSize = 65_536;
  maxWriteSize = 65_536;
  cipher: CipherId | undefined;
  signing: SigningAlgorithm = SIGNING_HMAC_SHA256;
  preauthHash = PREAUTH_START;
  /** SMB1 was answered: the next word is SMB2's. */
  isAskedAgain = false;
  isClosed = false;
  readonly #connection: Connection;
  readonly #deps: ConnectionDependencies;
  readonly #reader = new FrameReader(STRANGER_SIZE_MAX);
  /** What the client is to be told unasked. */
  readonly #notices: (() => void)[] = [];
  #waiting = 0;
  #waitingSize = 0;
  #paused = false;
  #working = false;
  #progress = 0;
  #progressSeen = -1;

  constructor(connection: Connection, deps: ConnectionDependencies) {
    this.#connection = connection;
    this.#deps = deps;
    this.scene = deps.scene;
    this.writers = deps.writers;
    this.counters = deps.counters;
    this.address = deps.address;
    this.localAddress = deps.localAddress;
  }

  /** Requests may be larger than one credit pays for. */
  get isLargeMtu(): boolean {
    return this.dialect >= 0x0210;
  }

  room(): Buffer {
    return this.#reader.room();
  }

  received(size: number): void {
    this.#progress += 1;
    this.#deps.arrived(size);
    this.#reader.received(size);
    this.#work();
  }

  drained(): void {
    this.#progress += 1;
    this.#work();
  }

  closed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.pended.cancelAll();
    for (const session of [...this.sessions.values()]) endSession(this, session);
    this.#deps.closed(this);
  }

  destroy(): void {
    this.#connection.destroy();
  }

  /** Somebody has shown who he is: large messages may come. */
  trust(): void {
    this.#reader.sizeMax = MESSAGE_SIZE_MAX;
  }

  /** Somebody has shown who he is, and has not left. */
  get hasUser(): boolean {
    for (const session of this.sessions.values()) if (session.isValid) return true;
    return false;
  }

  /** Whether anything moved since the last question. */
  moved(): boolean {
    const moved = this.#progress !== this.#progressSeen;
    this.#progressSeen = this.#progress;
    return moved;
  }

  /** Something of `size` bytes waits for its answer. */
  waits(size: number): void {
    this.#waiting += 1;
    this.#waitingSize += size;
  }

  settled(size: number): void {
    this.#waiting -= 1;
    this.#waitingSize -= size;
    this.#progress += 1;
    if (this.#paused) queueMicrotask(() => this.#work());
  }

  grant(header: Header, status: number): number {
    return this.window.grant(creditsFor(header, status, this.window.left));
  }

  /**
   * Sends the message in `to` when everything up to `position` is committed; `sealer` encrypts it. The writer goes back to
   * the pool.
   * @param message Bytes of the message that it answers, which like the response stay in memory until then.
   */
  post(to: SmbWriter, sealer: Sealer | undefined, position: Position, message = 0): void {
    const held = message + to.offset;
    const send = sealer === undefined ? this.#plain(to) : this.#sealed(to, sealer);
    let [isSent, isWaiting] = [false, false];
    this.scene.group.afterCommit(position, () => {
      isSent = true;
      send();
      if (isWaiting) this.settled(held);
    });
    if (isSent) return;
    isWaiting = true;
    this.waits(held);
  }

  notify(sessionId: bigint, command: number, body: Buffer): void {
    const session = this.sessions.get(sessionId);
    // Not now: whoever is told of may be in the middle of a change, and the client may not have heard of its open yet.
    if (this.#notices.length === 0) queueMicrotask(() => this.#tell());
    this.#notices.push(() => {
      if (this.isClosed) return;
      const { group } = this.scene;
      if (!group.serving) return;
      group.begin();
      const position = group.seal(undefined);
      const to = this.writers.take(false);
      to.zeros(FRAME_HEADER_SIZE);
      to.origin = FRAME_HEADER_SIZE;
      writeHeader(to, notificationHeader(command));
      to.raw(body);
      to.bytes.writeUInt32BE(to.offset - FRAME_HEADER_SIZE, 0);
      this.post(to, session?.encrypts === true ? session.sealer : undefined, position);
    });
  }

  /** At the latest before the next message is answered, so that the client hears of things in their order. */
  #tell(): void {
    for (const notice of this.#notices.splice(0)) notice();
  }

  #plain(to: SmbWriter): () => void {
    return () => {
      if (this.isClosed) return;
      this.#connection.write(to.finish(), () => this.writers.give(to));
    };
  }

  #sealed(to: SmbWriter, sealer: Sealer): () => void {
    const [header, sealed] = sealer.seal(to.finish(FRAME_HEADER_SIZE));
    const head = Buffer.alloc(FRAME_HEADER_SIZE);
    head.writeUInt32BE(header.length + sealed.length, 0);
    this.writers.give(to);
    return () => {
      if (this.isClosed) return;
      this.#connection.write(Buffer.concat([head, header]));
      this.#connection.write(sealed);
    };
  }

  #work(): void {
    if (this.#working || this.isClosed) return;
    this.#working = true;
    try {
      const held = this.#takeAll();
      if (held !== this.#paused) this.#hold(held);
    } finally {
      this.#working = false;
    }
  }

  /** True when messages were left for later. */
  #takeAll(): boolean {
    for (;;) {
      if (this.isClosed) return false;
      if (!this.#deps.serves()) {
        this.destroy();
        return true;
      }
      if (this.#isOverloaded()) return true;
      if (!this.#deps.accepts()) {
        this.#deps.later(() => this.#work());
        return true;
      }
      const message = this.#nextMessage();
      if (message === undefined) return false;
    }
  }

  #nextMessage(): true | undefined {
    try {
      const message = this.#reader.next();
      if (message === undefined) return undefined;
      this.#handle(message);
      return true;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.scene.log.debug(`client ${this.address}: ${error.message}`);
      this.destroy();
      return undefined;
    }
  }

  #handle(message: Buffer): void {
    this.#tell();
    if (message.length < 4) throw new DecodeError(`message: ${message.length} bytes`);
    switch (message.readUInt32LE(0)) {
      case SMB2_PROTOCOL_ID:
        new Chain(this, message, undefined).run();
        return;
      case TRANSFORM_PROTOCOL_ID:
        this.#handleSealed(message);
        return;
      case SMB1_PROTOCOL_ID:
        new Chain(this, translated(this, message), undefined).run();
        return;
      default:
        throw new DecodeError('message: is of no protocol of this server');
    }
  }

  #handleSealed(message: Buffer): void {
    const session = this.sessions.get(transformSession(message));
    if (session?.opener === undefined) {
      throw new DecodeError('encrypted message: is of a session that there is not');
    }
    const opened = session.opener.open(message);
    if (opened.length < 4 || opened.readUInt32LE(0) !== SMB2_PROTOCOL_ID) {
      throw new DecodeError('encrypted message: has no SMB2 message inside');
    }
    new Chain(this, opened, session).run();
  }

  #isOverloaded(): boolean {
    return (
      this.#waiting >= WAITING_MAX ||
      this.#waitingSize >= WAITING_SIZE_MAX ||
      this.#connection.queuedSize >= QUEUED_SIZE_MAX
    );
  }

  #hold(held: boolean): void {
    this.#paused = held;
    if (held) this.#connection.pause();
    else this.#connection.resume();
  }
}

function notificationHeader(command: number): Header {
  return {
    creditCharge: 0,
    status: 0,
    command,
    credits: 0,
    flags: SMB2_FLAGS_SERVER_TO_REDIR,
    nextCommand: 0,
    messageId: 0xffff_ffff_ffff_ffffn,
    asyncId: 0n,
    treeId: 0,
    sessionId: 0n,
  };
}
