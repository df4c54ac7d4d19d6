/**
 * An ONC RPC client over TCP that behaves as kernels' do: many calls under way, and after a lost connection a new one
 * and every unanswered call once more, with the same xid. So it outlives a takeover, as a mounted client does.
 */

import { MESSAGE_SIZE_MAX } from '#core/limits.ts';
import type { Clock, InstantMs, Timer } from '#core/ports/clock.ts';
import type { Connection, Net, Receiver } from '#core/ports/net.ts';
import { DecodeError, Reader } from '#core/wire/reader.ts';
import { Writer } from '#core/wire/writer.ts';
import { AUTH_NONE, AUTH_SYS, type Credential, encodeAuthSys } from '../rpc/auth.ts';
import {
  LAST_FRAGMENT,
  RECORD_MARK_SIZE,
  RPC_VERSION,
  readReplyHeader,
  writeCallHeader,
} from '../rpc/message.ts';
import type { Procedure } from '../rpc/procedure.ts';
import { RecordReader } from '../rpc/record-reader.ts';
import { SlabPool } from '../rpc/slab.ts';

/** Milliseconds before the second, third ... try to connect; the first comes at once, the last is repeated. */
const RETRY_MS = [0, 10, 20, 40, 80, 100] as const;
/** Milliseconds that one try to connect may take. */
const CONNECT_MS_MAX = 1000;
/** Milliseconds between looks at what is overdue. */
const LOOK_MS = 50;

export interface RpcClientOptions {
  readonly address: string;
  readonly port: number;
  /** AUTH_NONE where it is missing. */
  readonly credential?: Credential;
  /** Of the first call; random, so that a client that starts again is not taken for its former self. */
  readonly firstXid: number;
  /** Calls under way at once; further ones wait their turn. */
  readonly outstandingMax?: number;
  /** Milliseconds from a call to its rejection. */
  readonly deadlineMs?: number;
  /** Milliseconds without a reply after which the connection is given up for a new one: a box that froze. */
  readonly silenceMs?: number;
}

const DEFAULTS = { outstandingMax: 64, deadlineMs: 60_000, silenceMs: 3_000 };

export interface ClientDependencies {
  readonly net: Net;
  readonly clock: Clock;
}

/** The call was refused by ONC RPC, or not answered in time. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
}

interface Pending {
  readonly xid: number;
  readonly what: string;
  /** The whole record. */
  readonly record: Buffer;
  readonly overdueAt: number;
  sent: boolean;
  settle(from: Reader): void;
  reject(error: Error): void;
}

export class RpcClient implements Receiver {
  readonly #options: RpcClientOptions & typeof DEFAULTS;
  readonly #deps: ClientDependencies;
  readonly #credential: { readonly flavor: number; readonly credential: Buffer };
  readonly #scratch = new Writer(MESSAGE_SIZE_MAX + RECORD_MARK_SIZE);
  readonly #pool = new SlabPool();
  readonly #look: Timer;
  /** Sent or to be sent, by xid, in the order of their calls. */
  readonly #pending = new Map<number, Pending>();
  readonly #waiting: Pending[] = [];
  #reader = new RecordReader(this.#pool);
  #connection: Connection | undefined;
  #connecting = false;
  #tries = 0;
  #xid: number;
  #closed = false;
  /** Since when there is no reply though calls are under way. */
  #silentSince: InstantMs;
  #openedAt: InstantMs;

  /** Calls sent again. */
  retransmitted = 0;
  /** Connections opened. */
  connected = 0;
  /** Calls answered. */
  answered = 0;
  /** Milliseconds of the longest time without a reply while calls were under way. */
  stallMsMax = 0;

  constructor(options: RpcClientOptions, deps: ClientDependencies) {
    this.#options = { ...DEFAULTS, ...options };
    this.#deps = deps;
    this.#xid = options.firstXid;
    this.#silentSince = deps.clock.now();
    this.#openedAt = this.#silentSince;
    this.#credential =
      options.credential === undefined
        ? { flavor: AUTH_NONE, credential: Buffer.alloc(0) }
        : { flavor: AUTH_SYS, credential: encodeAuthSys(options.credential, 'understudy', 0) };
    this.#look = deps.clock.every(LOOK_MS, () => this.#lookAround());
  }

  /** Calls under way or waiting. */
  get outstanding(): number {
    return this.#pending.size + this.#waiting.length;
  }

  /** Resolves with the results; rejects with `RpcError` when refused or overdue. */
  call<Args, Answer>(
    program: { readonly number: number; readonly version: number },
    procedure: Pick<
      Procedure<Args, unknown, Answer>,
      'name' | 'number' | 'encodeArgs' | 'decodeRes'
    >,
    args: Args,
  ): Promise<Answer> {
    if (this.#closed) return Promise.reject(new RpcError(`${procedure.name}: client is closed`));
    const xid = this.#xid;
    this.#xid = (xid + 1) >>> 0;
    const record = this.#encode(xid, program, procedure.number, (to) =>
      procedure.encodeArgs(to, args),
    );
    return new Promise((resolve, reject) => {
      const settle = (from: Reader) => resolve(procedure.decodeRes(from));
      const overdueAt = this.#deps.clock.now() + this.#options.deadlineMs;
      const what = procedure.name;
      this.#waiting.push({ xid, what, record, overdueAt, sent: false, settle, reject });
      this.#sendWaiting();
    });
  }

  /** Rejects what is under way. */
  close(): void {
    this.#closed = true;
    this.#look.cancel();
    this.#connection?.end();
    const left = [...this.#pending.values(), ...this.#waiting.splice(0)];
    this.#pending.clear();
    for (const call of left) call.reject(new RpcError(`${call.what}: client is closed`));
  }

  room(): Buffer {
    return this.#reader.room();
  }

  received(size: number): void {
    this.#reader.received(size);
    for (let record = this.#reader.next(); record !== undefined; record = this.#reader.next()) {
      this.#answer(new Reader(record.slab.bytes, record.start, record.end));
    }
    this.#sendWaiting();
  }

  closed(): void {
    this.#connection = undefined;
    this.#reader.close();
    this.#reader = new RecordReader(this.#pool);
    if (this.#pending.size > 0) this.#connect();
  }

  #encode(
    xid: number,
    program: { readonly number: number; readonly version: number },
    procedure: number,
    encodeArgs: (to: Writer) => void,
  ): Buffer {
    const to = this.#scratch;
    to.reset(RECORD_MARK_SIZE);
    const { number, version } = program;
    const target = { program: number, version, procedure };
    writeCallHeader(to, { xid, rpcVersion: RPC_VERSION, ...target, ...this.#credential });
    encodeArgs(to);
    to.u32At(0, (LAST_FRAGMENT | (to.offset - RECORD_MARK_SIZE)) >>> 0);
    return Buffer.from(to.finish());
  }

  #answer(from: Reader): void {
    const header = readReplyHeader(from);
    const call = this.#pending.get(header.xid);
    // A reply to a call that was sent twice and answered already.
    if (call === undefined) return;
    this.#pending.delete(header.xid);
    this.#heard();
    this.answered += 1;
    try {
      if (header.kind === 'success') call.settle(from);
      else call.reject(new RpcError(`${call.what}: ${header.reason}`));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      call.reject(new RpcError(`${call.what}: the reply cannot be decoded: ${error.message}`));
    }
  }

  #heard(): void {
    const now = this.#deps.clock.now();
    this.stallMsMax = Math.max(this.stallMsMax, now - this.#silentSince);
    this.#silentSince = now;
  }

  #sendWaiting(): void {
    while (this.#pending.size < this.#options.outstandingMax) {
      const call = this.#waiting.shift();
      if (call === undefined) return;
      if (this.#pending.size === 0) this.#silentSince = this.#deps.clock.now();
      this.#pending.set(call.xid, call);
      if (this.#connection === undefined) this.#connect();
      else this.#send(call);
    }
  }

  #send(call: Pending): void {
    if (call.sent) this.retransmitted += 1;
    call.sent = true;
    this.#connection?.write(call.record);
  }

  #connect(): void {
    if (this.#connecting || this.#closed) return;
    this.#connecting = true;
    const delayMs = RETRY_MS[Math.min(this.#tries, RETRY_MS.length - 1)] ?? 0;
    this.#tries += 1;
    if (delayMs === 0) this.#tryConnect();
    else this.#deps.clock.after(delayMs, () => this.#tryConnect());
  }

  #tryConnect(): void {
    const { address, port } = this.#options;
    const options = { address, port, timeoutMs: CONNECT_MS_MAX };
    this.#deps.net
      .connect(options, () => this)
      .then(
        (connection) => this.#opened(connection),
        () => {
          this.#connecting = false;
          if (this.#pending.size > 0) this.#connect();
        },
      );
  }

  #opened(connection: Connection): void {
    this.#connecting = false;
    if (this.#closed) {
      connection.end();
      return;
    }
    this.#tries = 0;
    this.connected += 1;
    this.#connection = connection;
    this.#openedAt = this.#deps.clock.now();
    for (const call of this.#pending.values()) this.#send(call);
  }

  #lookAround(): void {
    const now = this.#deps.clock.now();
    for (const call of this.#pending.values()) if (now >= call.overdueAt) this.#giveUp(call);
    if (this.#pending.size === 0 || this.#connection === undefined) return;
    if (now - Math.max(this.#silentSince, this.#openedAt) < this.#options.silenceMs) return;
    this.#connection.destroy();
  }

  #giveUp(call: Pending): void {
    this.#pending.delete(call.xid);
    const { address, port, deadlineMs } = this.#options;
    const sentence = `no answer from ${address} port ${port} in ${deadlineMs} ms`;
    call.reject(new RpcError(`${call.what}: ${sentence}`));
    this.#sendWaiting();
  }
}
