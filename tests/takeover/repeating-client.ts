/**
 * A client that now and then says a call twice though it was answered: as a network would that delivers a retransmission
 * late, by another connection and perhaps to another box. The second reply must be the first one, byte for byte.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Reader } from '#core/wire/reader.ts';
import {
  type ClientDependencies,
  RpcClient,
  type RpcClientOptions,
} from '#plugins/protocol/nfs/client/rpc-client.ts';
import { readReplyHeader } from '#plugins/protocol/nfs/rpc/message.ts';
import type { Procedure } from '#plugins/protocol/nfs/rpc/procedure.ts';
import { create } from '#plugins/protocol/nfs/v3/create.ts';
import { link } from '#plugins/protocol/nfs/v3/link.ts';
import { mkdir } from '#plugins/protocol/nfs/v3/mkdir.ts';
import { remove } from '#plugins/protocol/nfs/v3/remove.ts';
import { rename } from '#plugins/protocol/nfs/v3/rename.ts';
import { rmdir } from '#plugins/protocol/nfs/v3/rmdir.ts';
import { setattr } from '#plugins/protocol/nfs/v3/setattr.ts';
import { symlink } from '#plugins/protocol/nfs/v3/symlink.ts';
import { write } from '#plugins/protocol/nfs/v3/write.ts';
import type { Seeded } from '../support/seeded.ts';
import { type Place, recordOf, sendRecord } from './raw-call.ts';

/** One changing call in so many is said twice. */
const REPEATED_ONE_IN = 12;
/** Milliseconds from the first reply to the repetition, at most. */
const LATE_MS_MAX = 80;
const CHANGES: ReadonlySet<number> = new Set(
  [setattr, write, create, mkdir, symlink, remove, rmdir, rename, link].map(({ number }) => number),
);

type ClientProcedure<Args, Answer> = Pick<
  Procedure<Args, unknown, Answer>,
  'name' | 'number' | 'encodeArgs' | 'decodeRes'
>;

export class RepeatingClient extends RpcClient {
  readonly #place: Place;
  readonly #dice: Seeded;
  #xid: number;

  /** Calls that were answered and said again. */
  repeated = 0;

  constructor(options: RpcClientOptions, deps: ClientDependencies, dice: Seeded) {
    super(options, deps);
    this.#place = options;
    this.#dice = dice;
    // Far from those of the calls that are said once.
    this.#xid = (options.firstXid ^ 0x8000_0000) >>> 0;
  }

  override call<Args, Answer>(
    program: { readonly number: number; readonly version: number },
    procedure: ClientProcedure<Args, Answer>,
    args: Args,
  ): Promise<Answer> {
    const isOnce = !CHANGES.has(procedure.number) || !this.#dice.chance(REPEATED_ONE_IN);
    return isOnce ? super.call(program, procedure, args) : this.#twice(procedure, args);
  }

  async #twice<Args, Answer>(
    procedure: ClientProcedure<Args, Answer>,
    args: Args,
  ): Promise<Answer> {
    const xid = this.#xid;
    this.#xid = (xid + 1) >>> 0;
    const record = recordOf(xid, procedure, args);
    const first = await sendRecord(this.#place, record);
    await sleep(this.#dice.below(LATE_MS_MAX));
    const second = await sendRecord(this.#place, record);
    this.repeated += 1;
    if (!first.equals(second)) {
      const [one, two] = [first.toString('hex'), second.toString('hex')];
      throw new Error(`${procedure.name}: said again, it got another reply:\n  ${one}\n  ${two}`);
    }
    const from = new Reader(first);
    const header = readReplyHeader(from);
    if (header.kind !== 'success') throw new Error(`${procedure.name}: ${header.reason}`);
    return procedure.decodeRes(from);
  }
}
