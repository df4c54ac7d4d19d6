/**
 * Joining: a box that is not in sync asks the primary to be brought up to date, and gives up nothing of its own
 * before the primary has agreed.
 *
 *     seeking ──welcome: log cut, rest set aside──▶ following ──near, content fetched, in the view──▶ backup
 *        ▲                                             │
 *        └──────────────── link lost, told to ─────────┘
 */
import { RETRY_MS, SILENCE_MS } from '../limits.ts';
import type { InstantMs } from '../ports/clock.ts';
import type { Context, RoleMachine, Transitions } from './context.ts';
import type { BoxId, Position } from './entry.ts';
import { Follower } from './follower.ts';
import type { Message } from './messages.ts';
import { Pieces } from './pieces.ts';
import type { Extent } from './state-machine.ts';

/** The log would name the files. */
const UNSURE =
  'the power was cut, and this log does not reach back to what may be lost: its content must be copied anew';

export class Joiner implements RoleMachine {
  readonly role = 'joining';
  readonly #context: Context;
  readonly #to: Transitions;
  /** Of the attempt under way; 0 when none is. */
  #nonce = 0;
  #follower: Follower | undefined;
  /** Where the group's log ended at the welcome: content is fetched when this box is past it. */
  #end = 0 as Position;
  /** To be fetched. */
  #pieces = new Pieces([]);
  #isCaughtUp = false;
  #fetching = false;
  #askedAt = -Infinity as InstantMs;
  #readAt: InstantMs;
  #heardAt: InstantMs;

  constructor(context: Context, to: Transitions) {
    this.#context = context;
    this.#to = to;
    this.#heardAt = context.now;
    this.#readAt = context.now;
    this.#seek();
  }

  get following(): boolean {
    return this.#follower !== undefined;
  }

  tick(): void {
    const { now } = this.#context;
    if (this.#follower === undefined && now - this.#askedAt >= RETRY_MS) this.#ask();
    // The primary may be gone, or this box in sync without having been told.
    if (now - this.#heardAt >= SILENCE_MS / 2 && now - this.#readAt >= SILENCE_MS / 4) {
      if (this.#context.asking) return;
      this.#readAt = now;
      this.#context.ask(undefined);
    }
  }

  step(from: BoxId, message: Message): void {
    if (from !== this.#context.configuration.primary) return;
    this.#heardAt = this.#context.now;
    switch (message.kind) {
      case 'append':
        if (this.#follower !== undefined && !this.#follower.append(message)) this.#seek();
        else this.#onProgress();
        break;
      case 'welcome':
        // An answer to another attempt means that the primary does not count this one any more.
        if (message.nonce !== this.#nonce) this.#forgotten();
        else if (this.#follower === undefined) this.#onWelcome(message);
        break;
      case 'reject':
        if (message.nonce === this.#nonce) this.#to.out(message.reason);
        else this.#forgotten();
        break;
      case 'again':
        this.#seek();
        break;
      case 'content':
        if (message.session === this.#context.session)
          this.#onContent(message.extent, message.data);
        break;
      default:
        break;
    }
  }

  linkUp(peer: BoxId): void {
    if (peer === this.#context.configuration.primary) this.#seek();
  }

  linkDown(peer: BoxId): void {
    if (peer === this.#context.configuration.primary) this.#seek();
  }

  unanswered(): void {}

  synced(): void {
    this.#follower?.synced();
  }

  /** What this box must fetch again, as the driver found when it cut the log. */
  rebased(extents: readonly Extent[]): void {
    this.#pieces = new Pieces(extents);
    this.#follower?.acknowledge(false);
    this.#onProgress();
  }

  #forgotten(): void {
    if (this.#follower !== undefined) this.#seek();
  }

  #seek(): void {
    this.#follower = undefined;
    this.#isCaughtUp = false;
    this.#fetching = false;
    this.#nonce = this.#context.options.nonce();
    this.#ask();
  }

  #ask(): void {
    const context = this.#context;
    this.#askedAt = context.now;
    context.send(context.configuration.primary, {
      kind: 'join',
      view: context.view,
      nonce: this.#nonce,
      applied: context.commit,
      appliedView: context.commitView,
      last: context.log.last,
    });
  }

  #onWelcome(message: Extract<Message, { kind: 'welcome' }>): void {
    const context = this.#context;
    const sure = Math.min(context.sure ?? message.sure, message.sure) as Position;
    if (sure + 1 < Math.min(context.log.first, message.end)) {
      this.#to.out(UNSURE);
      return;
    }
    if (sure < message.end) context.sure = sure;
    context.session = this.#nonce;
    context.durable = Math.min(context.durable, context.commit) as Position;
    this.#end = message.end;
    this.#follower = new Follower(context, context.configuration.primary, false);
    context.emit({ kind: 'rebase', runs: message.runs, end: message.end });
  }

  #onProgress(): void {
    if (this.#follower === undefined || this.#context.commit < this.#end) return;
    if (!this.#isCaughtUp) {
      this.#isCaughtUp = true;
      this.#context.emit({ kind: 'caught-up' });
      if (this.#pieces.next === undefined) this.#complete();
    }
    this.#fetch();
  }

  #fetch(): void {
    const extent = this.#pieces.next;
    if (this.#follower === undefined || this.#fetching || extent === undefined) return;
    this.#fetching = true;
    const { view, session, configuration } = this.#context;
    this.#context.send(configuration.primary, { kind: 'fetch', view, session, extent });
  }

  #onContent(extent: Extent, data: Buffer): void {
    const awaited = this.#pieces.next;
    if (!this.#fetching || awaited === undefined || !isSame(awaited, extent)) return;
    this.#fetching = false;
    this.#pieces.took(data.length);
    this.#context.emit({ kind: 'put', extent, data });
    if (this.#pieces.next === undefined) this.#complete();
    else this.#fetch();
  }

  #complete(): void {
    if (this.#follower === undefined) return;
    this.#context.emit({ kind: 'whole' });
    this.#follower.complete();
  }
}

function isSame(a: Extent, b: Extent): boolean {
  return a.volume === b.volume && a.file === b.file && a.offset === b.offset && a.size === b.size;
}
