/**
 * A share as Windows has it mounted: when the connection ends it makes another, says which session was its last, takes
 * up its durable opens again, and says once more what was not answered, with the next ChannelSequence ([MS-SMB2]
 * §3.2.4.4, §3.2.5.2). Whoever calls sees nothing but a pause.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { readBreak } from '#plugins/protocol/smb/break-notice.ts';
import { oplockBreak } from '#plugins/protocol/smb/commands/oplock-break.ts';
import { SMB2_FLAGS_REPLAY_OPERATION } from '#plugins/protocol/smb/wire/header.ts';
import type { SmbReader } from '#plugins/protocol/smb/wire/reader.ts';
import type { SmbTarget } from '../../lab/smb-target.ts';
import { type Dialect, type LoggedIn, login, type Server } from './login.ts';
import { type CallOptions, Gone, Wire } from './wire.ts';

export interface MountOptions {
  readonly target: SmbTarget;
  readonly dialect: Dialect;
  readonly isSealed: boolean;
}

/** What of a mount's opens has to live through a new connection. */
export interface Reopened {
  /** Rejects when the server does not know it any more. */
  reopen(link: Link): Promise<void>;
  /** The caching that it has is taken or lessened. */
  broken(kind: 'oplock' | 'lease', key: string, after: number): void;
}

/** A connection with its session. */
export interface Link extends LoggedIn {
  readonly wire: Wire;
  /** For each call on it. */
  options(isRetry: boolean): CallOptions;
}

/** Milliseconds between two tries to connect: a Windows client waits longer, and would only see less. */
const RETRY_MS = 15;
const CONNECT_MS_MAX = 1_000;
/** Milliseconds for one call with everything that happens meanwhile. */
const CALL_MS_MAX = 30_000;
const ACK_REQUIRED = 1;
const STATUS_FILE_NOT_AVAILABLE = 0xc000_0467;

export class SmbMount {
  readonly options: MountOptions;
  readonly clientGuid: Buffer = randomBytes(16);
  readonly opens = new Set<Reopened>();
  #link: Link | undefined;
  #linking: Promise<Link> | undefined;
  #previousSessionId = 0n;
  #channelSequence = 0;
  #server: Server | undefined;
  #isClosed = false;
  /** Milliseconds of the longest call since somebody looked. */
  stallMsMax = 0;
  calls = 0;
  retried = 0;
  reconnected = 0;
  breaks = 0;

  constructor(options: MountOptions) {
    this.options = options;
  }

  get isNewest(): boolean {
    return this.options.dialect >= 0x0300;
  }

  /** Ends the connection without a word, as a client does whose machine loses power. */
  close(): void {
    this.#isClosed = true;
    this.#link?.wire.close();
  }

  /** Only the connection: the next call makes another. */
  drop(): void {
    this.#link?.wire.close();
  }

  /** Runs what makes one call, once more as often as the connection ends before its answer. */
  async run<T extends { readonly status: number }>(
    work: (link: Link, isRetry: boolean) => Promise<T>,
  ): Promise<T> {
    const begun = performance.now();
    this.calls += 1;
    for (let isRetry = false; ; isRetry = true) {
      try {
        const link = await this.linked();
        if (isRetry) this.retried += 1;
        const done = await work(link, isRetry);
        // What was under way on the old connection is not finished yet (§3.3.5.2.10).
        const isEarly = done.status === STATUS_FILE_NOT_AVAILABLE && isRetry;
        if (!isEarly) {
          this.stallMsMax = Math.max(this.stallMsMax, performance.now() - begun);
          return done;
        }
      } catch (cause) {
        if (!(cause instanceof Gone) || this.#isClosed) throw cause;
      }
      if (performance.now() - begun > CALL_MS_MAX)
        throw new Error(`no answer in ${CALL_MS_MAX} ms`);
      await sleep(RETRY_MS);
    }
  }

  /** With everything taken up again that was open. */
  linked(): Promise<Link> {
    if (this.#link?.wire.isOpen === true) return Promise.resolve(this.#link);
    this.#linking ??= this.#connect().finally(() => {
      this.#linking = undefined;
    });
    return this.#linking;
  }

  async #connect(): Promise<Link> {
    if (this.#isClosed) throw new Error('this mount was closed');
    const { target, dialect, isSealed } = this.options;
    const wire = await Wire.open(target.address, target.port, CONNECT_MS_MAX);
    try {
      wire.onBreak = (from) => this.#broken(from);
      const { clientGuid } = this;
      const previousSessionId = this.#previousSessionId;
      const loggedIn = await login(wire, {
        target,
        dialect,
        isSealed,
        clientGuid,
        previousSessionId,
      });
      this.#sameServer(loggedIn.server);
      if (previousSessionId !== 0n) this.#channelSequence = (this.#channelSequence + 1) & 0xffff;
      this.#previousSessionId = wire.sessionId;
      const link = { ...loggedIn, wire, options: this.#callOptions(loggedIn.treeId) };
      for (const open of this.opens) await open.reopen(link);
      if (previousSessionId !== 0n) this.reconnected += 1;
      this.#link = link;
      return link;
    } catch (cause) {
      wire.close();
      throw cause;
    }
  }

  #callOptions(treeId: number): (isRetry: boolean) => CallOptions {
    const channelSequence = this.isNewest ? this.#channelSequence : 0;
    return (isRetry) => ({
      treeId,
      channelSequence,
      flags: isRetry && this.isNewest ? SMB2_FLAGS_REPLAY_OPERATION : 0,
    });
  }

  /** A client that finds another server behind the address gives up its opens. */
  #sameServer(server: Server): void {
    const [before, now] = [JSON.stringify(this.#server ?? server), JSON.stringify(server)];
    if (before !== now) throw new Error(`another server answers: ${now}, before ${before}`);
    this.#server = server;
  }

  #broken(from: SmbReader): void {
    this.breaks += 1;
    const told = readBreak(from);
    const [key, after] =
      told.kind === 'lease'
        ? [told.key, told.after]
        : [`${told.id.persistent}:${told.id.volatile}`, told.level];
    for (const open of this.opens) open.broken(told.kind, key, after);
    const isOwed = told.kind === 'oplock' || (told.flags & ACK_REQUIRED) !== 0;
    if (isOwed) void this.#acknowledge(told, after);
  }

  async #acknowledge(told: ReturnType<typeof readBreak>, after: number): Promise<void> {
    const link = this.#link;
    if (link === undefined) return;
    const answer =
      told.kind === 'lease'
        ? ({ kind: 'lease', flags: 0, key: told.key, state: after } as const)
        : ({ kind: 'oplock', level: after, id: told.id } as const);
    await link.wire.call(oplockBreak, answer, { treeId: link.treeId }).catch(() => {});
  }
}
