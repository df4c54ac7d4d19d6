/** From a call's record to its reply: who asks, what for, run it, and answer when it may be answered. */
import { AssertionError } from '#core/assert.ts';
import type { Position } from '#core/group/entry.ts';
import type { Log } from '#core/log-line.ts';
import type { Wait } from '#core/opens/types.ts';
import type { Counter } from '#core/stats.ts';
import { DecodeError, Reader } from '#core/wire/reader.ts';
import { Writer } from '#core/wire/writer.ts';
import { Call, type Peer, type Scene } from '../call.ts';
import type { Counters } from '../counters.ts';
import type { Authenticator, Credential } from './auth.ts';
import {
  type CallHeader,
  GARBAGE_ARGS,
  PROC_UNAVAIL,
  PROG_UNAVAIL,
  RESULTS_OFFSET,
  RPC_VERSION,
  readCallHeader,
  SUCCESS,
  SYSTEM_ERR,
  writeAccepted,
  writeAuthError,
  writeProgramMismatch,
  writeRpcMismatch,
} from './message.ts';
import { type AnyProcedure, type Program, RESULTS_SIZE_MAX } from './procedure.ts';
import type { RpcRecord } from './record-reader.ts';
import { replyKey } from './reply-key.ts';
import type { ReplyQueue, ReplySpace } from './reply-queue.ts';
import { type SlabPool, SMALL_SLAB_SIZE } from './slab.ts';

/** What an answer needs of the connection that its call came by. */
export interface Origin {
  readonly peer: Peer;
  readonly authenticator: Authenticator;
  readonly replies: ReplyQueue;
  /** A call's answer must wait; its record is in use until `settled`. */
  waits(record: RpcRecord): void;
  settled(record: RpcRecord): void;
  /** A call must wait for somebody else before it is run: it comes again. */
  holds(record: RpcRecord, wait: Wait): void;
}

interface Row {
  readonly procedure: AnyProcedure;
  readonly calls: Counter;
}

interface Versions {
  readonly low: number;
  readonly high: number;
  readonly rows: ReadonlyMap<number, readonly (Row | undefined)[]>;
}

export class Dispatcher {
  readonly #scene: Scene;
  readonly #counters: Counters;
  readonly #pool: SlabPool;
  readonly #log: Log;
  readonly #programs = new Map<number, Versions>();
  /** Replies of calls that change something are short and are copied wherever they go. */
  readonly #scratch = new Writer(2 * RESULTS_SIZE_MAX);

  constructor(
    programs: readonly Program[],
    deps: {
      readonly scene: Scene;
      readonly counters: Counters;
      readonly pool: SlabPool;
      readonly log: Log;
    },
  ) {
    this.#scene = deps.scene;
    this.#counters = deps.counters;
    this.#pool = deps.pool;
    this.#log = deps.log;
    for (const program of programs) this.#programs.set(program.number, this.#rowsOf(program));
  }

  /**
   * Answers one call, now or later. False when its reply needs a large slab and none is free: nothing was done then.
   * Throws `DecodeError` for a record that is no call and cannot be answered.
   */
  answer(origin: Origin, record: RpcRecord): boolean {
    const from = new Reader(record.slab.bytes, record.start, record.end);
    const header = readCallHeader(from);
    const refuse = (write: (to: Writer) => void): true => {
      this.#counters.refused.add();
      return this.#reply(origin.replies, write);
    };
    const { xid } = header;
    if (header.rpcVersion !== RPC_VERSION) return refuse((to) => writeRpcMismatch(to, xid));
    const claim = origin.authenticator.authenticate(header.flavor, header.credential);
    if (!claim.ok) return refuse((to) => writeAuthError(to, xid, claim.authStat));
    const program = this.#programs.get(header.program);
    if (program === undefined) return refuse((to) => writeAccepted(to, xid, PROG_UNAVAIL));
    const rows = program.rows.get(header.version);
    if (rows === undefined) {
      return refuse((to) => writeProgramMismatch(to, xid, program.low, program.high));
    }
    const row = rows[header.procedure];
    if (row === undefined) return refuse((to) => writeAccepted(to, xid, PROC_UNAVAIL));
    if (row.procedure.changes)
      return this.#change(origin, record, header, claim.credential, row, from);
    return this.#read(origin, record, header, claim.credential, row, from);
  }

  #change(
    origin: Origin,
    record: RpcRecord,
    header: CallHeader,
    credential: Credential | undefined,
    row: Row,
    from: Reader,
  ): true {
    const { group } = this.#scene;
    const { address } = origin.peer;
    const key = replyKey(address, header, record.slab.bytes, record.start, record.end);
    const first = group.replies.find(key);
    if (first !== undefined) {
      this.#counters.replayed.add();
      this.#sendAfter(origin, record, first.position, first.reply, false);
      return true;
    }
    const args = this.#decode(row.procedure, from);
    if (args === GARBAGE) return this.#refused(origin.replies, header.xid, GARBAGE_ARGS);
    if (this.#isHeld(origin, record, row, args.value)) return true;
    row.calls.add();

    const to = this.#scratch;
    const transaction = group.begin();
    try {
      const call = new Call(this.#scene, origin.peer, credential, { transaction });
      const res = row.procedure.handle(call, args.value);
      to.reset();
      writeAccepted(to, header.xid, SUCCESS);
      row.procedure.encode(to, res);
    } catch (error) {
      group.abandon();
      return this.#failed(origin.replies, header.xid, row, error);
    }
    const reply = to.finish();
    this.#sendAfter(origin, record, group.seal({ key, reply }), reply, true);
    return true;
  }

  /** @param volatile `reply` is used anew after this call. */
  #sendAfter(
    origin: Origin,
    record: RpcRecord,
    position: number,
    reply: Buffer,
    volatile: boolean,
  ): void {
    let kept = reply;
    let waiting = false;
    let sent = false;
    this.#scene.group.afterCommit(position as Position, () => {
      sent = true;
      origin.replies.send(kept);
      if (waiting) origin.settled(record);
    });
    if (sent) return;
    if (volatile) kept = Buffer.from(reply);
    waiting = true;
    origin.waits(record);
  }

  #read(
    origin: Origin,
    record: RpcRecord,
    header: CallHeader,
    credential: Credential | undefined,
    row: Row,
    from: Reader,
  ): boolean {
    const { procedure } = row;
    const args = this.#decode(procedure, from);
    if (args === GARBAGE) return this.#refused(origin.replies, header.xid, GARBAGE_ARGS);
    if (this.#isHeld(origin, record, row, args.value)) return true;
    const size = RESULTS_OFFSET + (procedure.resultsSizeMax?.(args.value) ?? RESULTS_SIZE_MAX);
    if (size > SMALL_SLAB_SIZE && this.#pool.exhausted) return false;
    row.calls.add();

    const space = origin.replies.claim(size);
    const call = new Call(this.#scene, origin.peer, credential, { space });
    try {
      const res = procedure.handle(call, args.value);
      if (!(res instanceof Promise)) {
        this.#finish(origin, record, header.xid, procedure, call, space, res);
        return true;
      }
      // Results that are read into their place keep it; others get a new one when their time has come.
      const inPlace = procedure.resultsSizeMax !== undefined;
      if (inPlace) origin.replies.detach(space);
      else origin.replies.drop(space);
      const place = () => (inPlace ? space : origin.replies.claim(size));
      origin.waits(record);
      res.then(
        (value) => {
          this.#finish(origin, record, header.xid, procedure, call, place(), value);
          origin.settled(record);
        },
        (error: unknown) => {
          this.#failedIn(place(), origin.replies, header.xid, row, error);
          origin.settled(record);
        },
      );
    } catch (error) {
      this.#failedIn(space, origin.replies, header.xid, row, error);
    }
    return true;
  }

  /** Whether somebody who has a file open must give up caching first. */
  #isHeld(origin: Origin, record: RpcRecord, { procedure }: Row, args: unknown): boolean {
    if (this.#scene.opens.isIdle) return false;
    const wait = procedure.awaits?.(this.#scene, args);
    if (wait === undefined) return false;
    origin.holds(record, wait);
    return true;
  }

  #finish(
    origin: Origin,
    record: RpcRecord,
    xid: number,
    procedure: AnyProcedure,
    call: Call,
    space: ReplySpace,
    res: unknown,
  ): void {
    space.rewind();
    writeAccepted(space.to, xid, SUCCESS);
    procedure.encode(space.to, res);
    const { replies } = origin;
    if (call.seen === 0) {
      replies.finish(space);
      return;
    }
    let later: (() => void) | undefined;
    let sent = false;
    this.#scene.group.afterCommit(call.seen as Position, () => {
      sent = true;
      if (later === undefined) {
        replies.finish(space);
        return;
      }
      later();
      origin.settled(record);
    });
    if (sent) return;
    later = replies.keep(space);
    origin.waits(record);
  }

  #decode(procedure: AnyProcedure, from: Reader): { readonly value: unknown } | typeof GARBAGE {
    try {
      const value = procedure.decode(from);
      from.end();
      return { value };
    } catch (error) {
      if (error instanceof DecodeError) return GARBAGE;
      throw error;
    }
  }

  #refused(replies: ReplyQueue, xid: number, acceptStat: number): true {
    this.#counters.refused.add();
    return this.#reply(replies, (to) => writeAccepted(to, xid, acceptStat));
  }

  /** A handler threw what it must not throw: this call fails, the next ones are served. */
  #failed(replies: ReplyQueue, xid: number, row: Row, error: unknown): true {
    this.#tell(row, error);
    return this.#refused(replies, xid, SYSTEM_ERR);
  }

  #failedIn(space: ReplySpace, replies: ReplyQueue, xid: number, row: Row, error: unknown): void {
    this.#tell(row, error);
    this.#counters.refused.add();
    space.rewind();
    writeAccepted(space.to, xid, SYSTEM_ERR);
    replies.finish(space);
  }

  #tell(row: Row, error: unknown): void {
    if (error instanceof AssertionError) throw error;
    const cause = error instanceof Error ? error.stack : String(error);
    this.#log.error(`${row.procedure.name}: the call failed inside the server`, { cause });
  }

  #reply(replies: ReplyQueue, write: (to: Writer) => void): true {
    const space = replies.claim(RESULTS_SIZE_MAX);
    write(space.to);
    replies.finish(space);
    return true;
  }

  #rowsOf(program: Program): Versions {
    const rows = new Map(
      program.versions.map(({ version, procedures }) => {
        const row = (procedure: AnyProcedure | undefined): Row | undefined => {
          if (procedure === undefined) return undefined;
          return { procedure, calls: this.#counters.calls(program.name, version, procedure.name) };
        };
        return [version, procedures.map(row)];
      }),
    );
    const numbers = [...rows.keys()];
    return { low: Math.min(...numbers), high: Math.max(...numbers), rows };
  }
}

const GARBAGE = Symbol('arguments that cannot be decoded');
