/**
 * One connection of an SMB client of the tests' own: frames, credits, signatures and encryption, and nothing above them.
 * It keeps what it checks apart from the server's code where it can: what both had wrong would pass unseen.
 */
import { connect, type Socket } from 'node:net';
import type { Command } from '#plugins/protocol/smb/command.ts';
import {
  type Opener,
  type Sealer,
  TRANSFORM_PROTOCOL_ID,
} from '#plugins/protocol/smb/crypto/encryption.ts';
import type { Signer } from '#plugins/protocol/smb/crypto/signing.ts';
import {
  type Header,
  readHeader,
  SMB2_FLAGS_SIGNED,
  writeHeader,
} from '#plugins/protocol/smb/wire/header.ts';
import { SmbReader } from '#plugins/protocol/smb/wire/reader.ts';
import { SmbWriter } from '#plugins/protocol/smb/wire/writer.ts';

/** The connection has ended; whether a call that was under way has been executed, nobody knows. */
export class Gone extends Error {}

export interface Answer {
  readonly header: Header;
  readonly status: number;
  /** At the body's begin. */
  readonly from: SmbReader;
  /** As it came, for hashes. */
  readonly bytes: Buffer;
}

export interface CallOptions {
  readonly treeId?: number;
  readonly flags?: number;
  readonly channelSequence?: number;
  /** Bytes of the larger of what is sent and what is asked for. */
  readonly payload?: number;
  /** Told the message as it goes, for hashes. */
  sent?(bytes: Buffer): void;
  /** Told that an interim response came: the server has the request. */
  pending?(): void;
}

interface Waiting {
  readonly command: number;
  pending(): void;
  done(answer: Answer): void;
  failed(error: Error): void;
}

const STATUS_PENDING = 0x103;
const FLAGS_ASYNC = 0x2;
const MESSAGE_SIZE_MAX = 9 << 20;
const FRAME_HEADER = 4;
/** Bytes that one credit pays for ([MS-SMB2] §3.2.4.1.5). */
const CREDIT_BYTES = 65_536;
/** Asked for with each request: enough for some large writes at once. */
const CREDITS_WANTED = 128;
/** MessageId of what the server says unasked ([MS-SMB2] §2.2.23). */
const UNASKED = 0xffff_ffff_ffff_ffffn;

export class Wire {
  readonly #socket: Socket;
  readonly #waiting = new Map<bigint, Waiting>();
  readonly #writer = new SmbWriter(MESSAGE_SIZE_MAX);
  #received: Buffer = Buffer.alloc(0);
  #nextMessageId = 0n;
  #credits = 1;
  readonly #forCredits: { readonly charge: number; go(): void }[] = [];
  #end: Error | undefined;

  /** Set when a session is there; all that goes out is signed then, or sealed where there is a sealer. */
  sessionId = 0n;
  signer: Signer | undefined;
  sealer: Sealer | undefined;
  opener: Opener | undefined;
  /** From 2.1 on a large request costs more than one credit. */
  hasMultiCredit = false;
  /** An OPLOCK_BREAK, at its body's begin. */
  onBreak: (from: SmbReader) => void = () => {};
  onGone: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', () => {});
    socket.on('close', () => this.#gone(new Gone('the connection ended')));
  }

  static open(address: string, port: number, limitMs: number): Promise<Wire> {
    return new Promise((done, fail) => {
      const socket = connect({ host: address, port, noDelay: true });
      const timer = setTimeout(() => socket.destroy(), limitMs);
      const failed = () => fail(new Gone(`${address}:${port}: no connection`));
      socket.once('close', failed);
      socket.on('error', () => {});
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.off('close', failed);
        done(new Wire(socket));
      });
    });
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  close(): void {
    this.#socket.destroy();
    this.#gone(new Gone('closed'));
  }

  /** Resolves with the final response, whatever its status; rejects with `Gone`. */
  async exchange(
    command: number,
    body: (to: SmbWriter) => void,
    options: CallOptions = {},
  ): Promise<Answer> {
    const payload = Math.max(1, options.payload ?? 1);
    const charge = this.hasMultiCredit ? Math.ceil(payload / CREDIT_BYTES) : 1;
    await this.#afford(charge);
    return new Promise((done, failed) => {
      const messageId = this.#nextMessageId;
      this.#nextMessageId += BigInt(charge);
      const pending = () => options.pending?.();
      this.#waiting.set(messageId, { command, done, failed, pending });
      this.#send(this.#encode(command, messageId, charge, body, options), options);
    });
  }

  /** As `exchange`, in the terms of one command. `answer` is there with a success only. */
  async call<Request, Reply>(
    command: Pick<
      Command<Request, unknown, Reply>,
      'name' | 'code' | 'encodeRequest' | 'decodeResponse'
    >,
    request: Request,
    options: CallOptions = {},
  ): Promise<{ readonly status: number; readonly answer: Reply | undefined }> {
    const encode = (to: SmbWriter) => command.encodeRequest(to, request);
    const { status, from } = await this.exchange(command.code, encode, options);
    return { status, answer: status === 0 ? command.decodeResponse(from) : undefined };
  }

  async #afford(charge: number): Promise<void> {
    if (this.#end !== undefined) throw this.#end;
    if (this.#forCredits.length > 0 || this.#credits < charge) {
      await new Promise<void>((go) => this.#forCredits.push({ charge, go }));
      if (this.#end !== undefined) throw this.#end;
    } else {
      this.#credits -= charge;
    }
  }

  #encode(
    command: number,
    messageId: bigint,
    charge: number,
    body: (to: SmbWriter) => void,
    { treeId = 0, flags = 0, channelSequence = 0 }: CallOptions,
  ): Buffer {
    const to = this.#writer;
    to.reset();
    writeHeader(to, {
      creditCharge: this.hasMultiCredit ? charge : 0,
      status: channelSequence,
      command,
      credits: CREDITS_WANTED,
      flags,
      nextCommand: 0,
      messageId,
      asyncId: 0n,
      treeId,
      sessionId: this.sessionId,
    });
    body(to);
    return Buffer.from(to.finish());
  }

  #send(message: Buffer, { sent }: CallOptions): void {
    let out: readonly Buffer[] = [message];
    if (this.sealer !== undefined) out = this.sealer.seal(message);
    else this.signer?.sign(message);
    sent?.(message);
    const frame = Buffer.alloc(FRAME_HEADER);
    frame.writeUInt32BE(out.reduce((sum, { length }) => sum + length, 0));
    this.#socket.write(Buffer.concat([frame, ...out]));
  }

  #receive(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= FRAME_HEADER) {
      const size = this.#received.readUInt32BE(0);
      if (this.#received.length < FRAME_HEADER + size) return;
      const message = this.#received.subarray(FRAME_HEADER, FRAME_HEADER + size);
      this.#received = this.#received.subarray(FRAME_HEADER + size);
      try {
        this.#understand(message);
      } catch (cause) {
        this.#socket.destroy();
        this.#gone(cause as Error);
        return;
      }
    }
  }

  #understand(framed: Buffer): void {
    const isSealed = framed.readUInt32LE(0) === TRANSFORM_PROTOCOL_ID;
    if (isSealed && this.opener === undefined) throw new Error('a sealed message without a key');
    const message = isSealed && this.opener ? this.opener.open(framed) : framed;
    for (let start = 0; ; ) {
      const next = message.readUInt32LE(start + 20);
      this.#answered(message.subarray(start, next === 0 ? undefined : start + next), isSealed);
      if (next === 0) return;
      start += next;
    }
  }

  #answered(bytes: Buffer, isSealed: boolean): void {
    const from = new SmbReader(bytes);
    const header = readHeader(from);
    this.#earn(header.credits);
    if (header.messageId === UNASKED) {
      this.onBreak(from);
      return;
    }
    const isInterim = header.status === STATUS_PENDING && (header.flags & FLAGS_ASYNC) !== 0;
    const waiting = this.#waiting.get(header.messageId);
    if (waiting === undefined) throw new Error(`a response to message ${header.messageId}`);
    if (isInterim) {
      waiting.pending();
      return;
    }
    this.#check(bytes, header, isSealed);
    this.#waiting.delete(header.messageId);
    if (header.command !== waiting.command) throw new Error(`a response to ${header.command}`);
    waiting.done({ header, status: header.status, from, bytes });
  }

  /** What has a session is signed or sealed, but for interim responses ([MS-SMB2] §3.2.5.1.3). */
  #check(bytes: Buffer, { flags, status }: Header, isSealed: boolean): void {
    if (isSealed || this.signer === undefined) return;
    if (this.sealer !== undefined) throw new Error('an answer in clear in a sealed session');
    if ((flags & SMB2_FLAGS_SIGNED) === 0) throw new Error(`unsigned: ${status.toString(16)}`);
    if (!this.signer.verifies(bytes)) throw new Error('a response with a wrong signature');
  }

  #earn(credits: number): void {
    this.#credits += credits;
    for (;;) {
      const [first] = this.#forCredits;
      if (first === undefined || first.charge > this.#credits) return;
      this.#forCredits.shift();
      this.#credits -= first.charge;
      first.go();
    }
  }

  #gone(error: Error): void {
    if (this.#end !== undefined) return;
    this.#end = error;
    for (const { failed } of this.#waiting.values()) failed(error);
    this.#waiting.clear();
    for (const { go } of this.#forCredits.splice(0)) go();
    this.onGone();
  }
}
