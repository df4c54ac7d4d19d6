/**
 * A client for tests and measurements: one connection, which speaks whatever dialect it is told to, in the other half of
 * the server's codecs. What comes back wrong (unsigned, signed or sealed by somebody else) ends it.
 */
import type { Clock } from '#core/ports/clock.ts';
import type { Connection, Net, Receiver } from '#core/ports/net.ts';
import type { Random } from '#core/ports/random.ts';
import { DecodeError } from '#core/wire/reader.ts';
import { type BreakNotification, readBreak } from '../break-notice.ts';
import { echo } from '../commands/echo.ts';
import type { Dialect } from '../connection-state.ts';
import { type CipherId, TRANSFORM_PROTOCOL_ID, transformSession } from '../crypto/encryption.ts';
import { PREAUTH_START, preauth } from '../crypto/preauth.ts';
import { SIGNING_HMAC_SHA256, type SigningAlgorithm } from '../crypto/signing.ts';
import { STATUS_PENDING, STATUS_USER_SESSION_DELETED } from '../status.ts';
import { readError } from '../wire/error.ts';
import { FRAME_HEADER_SIZE, FrameReader } from '../wire/frame-reader.ts';
import {
  HEADER_SIZE,
  type Header,
  readHeader,
  SMB2_FLAGS_ASYNC_COMMAND,
  SMB2_FLAGS_SIGNED,
} from '../wire/header.ts';
import { SmbReader } from '../wire/reader.ts';
import { MESSAGE_SIZE_MAX } from '../wire/writer-pool.ts';
import type { ClientKeys } from './keys.ts';
import { writeRequests } from './outgoing.ts';
import { type Reply, type Request, request, type Ticket } from './reply.ts';

export interface ClientDependencies {
  readonly net: Net;
  readonly clock: Clock;
  readonly random: Random;
}

export interface ClientOptions {
  readonly address: string;
  readonly port: number;
  /** 16 bytes, hex; made up where it is missing. */
  readonly clientGuid?: string;
  /** Milliseconds after which a request is given up. */
  readonly deadlineMs: number;
}

interface Waiting {
  readonly request: Request;
  readonly resolve: (reply: Reply<unknown>) => void;
  readonly reject: (error: Error) => void;
  readonly told: (asyncId: bigint) => void;
}

const OPLOCK_BREAK = 0x0012;
const UNASKED = 0xffff_ffff_ffff_ffffn;
/** An error body is this long at least, and no other body begins with its number. */
const ERROR_STRUCTURE_SIZE = 9;

export class SmbClient implements Receiver {
  readonly random: Random;
  readonly clock: Clock;
  readonly clientGuid: string;
  dialect: Dialect | 0 = 0;
  cipher: CipherId | undefined;
  signing: SigningAlgorithm = SIGNING_HMAC_SHA256;
  preauthHash = PREAUTH_START;
  /** Granted and not used. */
  credits = 1;
  /** Of each session, by its id: added by whoever logs on. */
  readonly keys = new Map<bigint, ClientKeys>();
  readonly breaks: BreakNotification[] = [];
  onBreak: (notice: BreakNotification) => void = () => {};
  /** The request and the response that came last, as they went over the wire. */
  lastRequest: Buffer = Buffer.alloc(0);
  lastResponse: Buffer = Buffer.alloc(0);
  readonly closedBy: Promise<void>;
  readonly #deadlineMs: number;
  readonly #reader = new FrameReader(MESSAGE_SIZE_MAX + 1024);
  readonly #waiting = new Map<bigint, Waiting>();
  #connection: Connection | undefined;
  #nextMessageId = 0n;
  #isClosed = false;
  #raw: ((message: Buffer) => void) | undefined;
  #sayClosed: () => void = () => {};

  private constructor(options: ClientOptions, { clock, random }: ClientDependencies) {
    this.random = random;
    this.clock = clock;
    this.clientGuid = options.clientGuid ?? random.bytes(16).toString('hex');
    this.#deadlineMs = options.deadlineMs;
    this.closedBy = new Promise((resolve) => {
      this.#sayClosed = resolve;
    });
  }

  static async connect(options: ClientOptions, deps: ClientDependencies): Promise<SmbClient> {
    const client = new SmbClient(options, deps);
    const { address, port, deadlineMs } = options;
    client.#connection = await deps.net.connect(
      { address, port, timeoutMs: deadlineMs },
      () => client,
    );
    return client;
  }

  get nextMessageId(): bigint {
    return this.#nextMessageId;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  room(): Buffer {
    return this.#reader.room();
  }

  received(size: number): void {
    this.#reader.received(size);
    for (;;) {
      const message = this.#reader.next();
      if (message === undefined) return;
      this.#handle(message);
    }
  }

  closed(error?: Error): void {
    this.#isClosed = true;
    const reason = error?.message ?? 'closed';
    for (const { reject } of this.#waiting.values())
      reject(new Error(`the connection is ${reason}`));
    this.#waiting.clear();
    this.#sayClosed();
  }

  /** Breaks the connection, as a lost network does. */
  close(): void {
    this.#connection?.destroy();
  }

  /** Sends one request, alone. */
  send<Answer>(asked: Request): Ticket<Answer> {
    return this.compound([asked])[0] as Ticket<Answer>;
  }

  /** Sends requests in one message. Signed by the session of each; sealed by that of the first where `seals`. */
  compound(requests: readonly Request[], seals = false): readonly Ticket<unknown>[] {
    const first = this.#nextMessageId;
    const { message, charges } = writeRequests(this, requests, first, !seals);
    let id = first;
    const tickets = requests.map((asked, index) => {
      const ticket = this.#expect(asked, id);
      id += BigInt(charges[index] as number);
      return ticket;
    });
    this.credits -= Number(id - first);
    this.#nextMessageId = id;
    const sealer = seals ? this.keys.get(requests[0]?.sessionId ?? 0n)?.sealer : undefined;
    this.sendRaw(sealer === undefined ? message : Buffer.concat(sealer.seal(message)));
    return tickets;
  }

  /** Any bytes, with their length before them. */
  sendRaw(message: Buffer): void {
    this.lastRequest = message;
    const head = Buffer.alloc(FRAME_HEADER_SIZE);
    head.writeUInt32BE(message.length);
    this.#connection?.write(Buffer.concat([head, message]));
  }

  /**
   * Sends bytes, which are a message of one request, and resolves with what comes next, as it is: for what `send` would
   * never say. Nothing else may be under way.
   */
  exchange(message: Buffer): Promise<Buffer> {
    this.#nextMessageId += 1n;
    return new Promise((resolve, reject) => {
      this.#raw = resolve;
      void this.closedBy.then(() => reject(new Error('the connection is closed')));
      this.sendRaw(message);
    });
  }

  /** A message of one request whose answer nobody waits for. */
  sendUnasked(message: Buffer): void {
    this.#nextMessageId += 1n;
    this.sendRaw(message);
  }

  /** Whether the server answers an ECHO, rather than close the connection. */
  async isAlive(sessionId: bigint): Promise<boolean> {
    try {
      await this.send(request(echo, null, { sessionId })).reply;
      return true;
    } catch (error) {
      if (this.#isClosed) return false;
      throw error;
    }
  }

  #expect(asked: Request, messageId: bigint): Ticket<unknown> {
    let told: (asyncId: bigint) => void = () => {};
    const interim = new Promise<bigint>((resolve) => {
      told = resolve;
    });
    const reply = new Promise<Reply<unknown>>((resolve, reject) => {
      if (this.#isClosed) reject(new Error('the connection is closed'));
      this.#waiting.set(messageId, { request: asked, resolve, reject, told });
      this.clock.after(this.#deadlineMs, () => {
        if (!this.#waiting.delete(messageId)) return;
        reject(new Error(`${asked.command.name}: no answer in ${this.#deadlineMs} ms`));
      });
    });
    // Whoever does not ask for the reply need not hear that there was none.
    reply.catch(() => {});
    return { messageId, reply, interim };
  }

  #handle(message: Buffer): void {
    const raw = this.#raw;
    if (raw !== undefined) {
      this.#raw = undefined;
      raw(message);
      return;
    }
    if (message.readUInt32LE(0) !== TRANSFORM_PROTOCOL_ID) {
      this.#handlePlain(message, false);
      return;
    }
    const opener = this.keys.get(transformSession(message))?.opener;
    if (opener === undefined) throw new DecodeError('response: is sealed for another session');
    this.#handlePlain(opener.open(message), true);
  }

  #handlePlain(message: Buffer, isSealed: boolean): void {
    for (let at = 0; at < message.length; ) {
      const header = readHeader(new SmbReader(message, at));
      const end = header.nextCommand === 0 ? message.length : at + header.nextCommand;
      this.#take(header, message.subarray(at, end), isSealed);
      at = end;
    }
  }

  #take(header: Header, message: Buffer, isSealed: boolean): void {
    this.credits += header.credits;
    if (header.messageId === UNASKED) {
      if (header.command !== OPLOCK_BREAK) throw new DecodeError('response: nobody asked for it');
      const notice = readBreak(new SmbReader(message, 0, HEADER_SIZE));
      this.breaks.push(notice);
      this.onBreak(notice);
      return;
    }
    const waiting = this.#waiting.get(header.messageId);
    if (waiting === undefined) return;
    if (header.status === STATUS_PENDING && (header.flags & SMB2_FLAGS_ASYNC_COMMAND) !== 0) {
      waiting.told(header.asyncId);
      return;
    }
    this.#waiting.delete(header.messageId);
    this.lastResponse = message;
    waiting.resolve(this.#replyOf(waiting.request, header, message, isSealed));
  }

  #replyOf(asked: Request, header: Header, message: Buffer, isSealed: boolean): Reply<unknown> {
    const isSigned = (header.flags & SMB2_FLAGS_SIGNED) !== 0;
    const keys = this.keys.get(header.sessionId);
    if (!isSigned && !isSealed && keys !== undefined) {
      throw new DecodeError(`${asked.command.name}: the response is not signed`);
    }
    // Nobody signs for a session that is gone.
    const isEchoed = header.status === STATUS_USER_SESSION_DELETED;
    if (isSigned && !isEchoed && keys !== undefined && !keys.signer.verifies(message)) {
      throw new DecodeError(`${asked.command.name}: the response is signed by somebody else`);
    }
    const isError =
      message.length >= HEADER_SIZE + ERROR_STRUCTURE_SIZE - 1 &&
      header.status >>> 30 === 3 &&
      message.readUInt16LE(HEADER_SIZE) === ERROR_STRUCTURE_SIZE &&
      !(asked.command.code === 1 && header.status === 0xc000_0016);
    const body = (): SmbReader => new SmbReader(message, 0, HEADER_SIZE);
    return {
      header,
      status: header.status,
      answer: isError ? undefined : this.#answerOf(asked, header, body()),
      errorData: isError ? readError(body()) : Buffer.alloc(0),
      isSigned,
      isSealed,
    };
  }

  /** A warning may come with either body. */
  #answerOf(asked: Request, header: Header, from: SmbReader): unknown {
    if (header.status >>> 30 !== 2) return asked.command.decodeResponse(from);
    try {
      return asked.command.decodeResponse(from);
    } catch (error) {
      if (error instanceof DecodeError) return undefined;
      throw error;
    }
  }

  /** The message goes into the hash of 3.1.1, on both sides alike. */
  hash(message: Buffer): void {
    this.preauthHash = preauth(this.preauthHash, message);
  }
}
