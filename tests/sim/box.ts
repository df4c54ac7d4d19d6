/** One box: a disk and a store that outlive its processes, and the process that runs, with its member and its clock. */

import type { BoxId, Position } from '#core/group/entry.ts';
import { Member } from '#core/group/member.ts';
import { SILENT } from '#core/log-line.ts';
import type { Clock, InstantMs, Timer } from '#core/ports/clock.ts';
import type { Register } from './arbiter.ts';
import { SimDisk } from './disk.ts';
import type { Endpoint, Net } from './net.ts';
import { type Command, RegisterState, Store } from './register-state.ts';
import type { World } from './world.ts';

export interface BoxOptions {
  readonly id: BoxId;
  readonly members: readonly BoxId[];
  /** Its content outlives its process. */
  readonly persistent: boolean;
  /** How much faster than true time its clock runs: a few in a thousand. */
  readonly drift: number;
  /** Answers before the backup has it: the rule broken on purpose. */
  readonly replyBeforeBackup: boolean;
  readonly segmentSize: number;
}

export type Reply =
  | { readonly kind: 'done'; readonly value: number }
  | { readonly kind: 'list'; readonly list: readonly string[] };

const SYNC_MS: readonly [number, number] = [0.2, 6];
const CHECKPOINT_MS = 700;

export class Box implements Endpoint {
  readonly id: BoxId;
  readonly options: BoxOptions;
  readonly #world: World;
  readonly #net: Net;
  readonly #register: Register;
  readonly disk: SimDisk;
  readonly store = new Store();
  member: Member | undefined;
  state: RegisterState;
  /** Counts the processes: what one of them waits for does not reach the next. */
  #process = 0;
  #frozenUntil = 0;
  /** What came while it was frozen, in order. */
  #held: (() => void)[] = [];
  #rebooted = false;
  running = false;
  /** Operations that this box made and has in its log: no power cut, and they are never thrown away. */
  readonly logged = new Set<string>();

  constructor(options: BoxOptions, world: World, net: Net, register: Register) {
    this.id = options.id;
    this.options = options;
    this.#world = world;
    this.#net = net;
    this.#register = register;
    this.disk = new SimDisk((done) => this.#later(world.between(...SYNC_MS), done, true));
    this.state = new RegisterState(this.store, options.persistent, false);
  }

  start(): void {
    this.running = true;
    this.#process += 1;
    const process = this.#process;
    this.state = new RegisterState(this.store, this.options.persistent, this.#rebooted);
    const { id, members, segmentSize } = this.options;
    const founder = members[0] === id;
    this.member = new Member(
      {
        self: id,
        members,
        founder,
        mayHaveLostTail: false,
        mayHaveLostContent: this.#rebooted,
        log: { segmentSize },
      },
      {
        disk: this.disk,
        clock: this.#clock(),
        random: {
          bytes: (size) => Buffer.alloc(size),
          u32: () => this.#world.random.below(0xffff_ffff),
        },
        arbiter: this.#register.arbiterOf(id, (run) => {
          if (process === this.#process) this.#later(0, run, true);
        }),
        state: this.state,
        report: {
          ...SILENT,
          error: (text, fields) => this.#note(`${text} ${JSON.stringify(fields ?? {})}`),
        },
        transport: { send: (peer, parts) => this.#net.send(id, peer, parts) },
        defer: (run) => this.#later(0, run),
      },
    );
    this.#rebooted = false;
    this.member.onServing((serving) => this.#note(serving ? 'serves' : 'does not serve'));
    this.member.start().catch((error: Error) => this.#broken(error));
    this.#checkpoint();
    this.#net.started(id);
  }

  /** The process ends. `power`: with the machine, and all that was not synced. */
  crash(power: boolean): void {
    if (!this.running) return;
    this.#note(power ? 'loses power' : 'is killed');
    this.running = false;
    this.#process += 1;
    this.#frozenUntil = 0;
    this.#held = [];
    this.member = undefined;
    this.#net.stopped(this.id, !power);
    if (!power) return;
    this.disk.powerCut(() => this.#world.between(0, 1));
    this.store.powerCut();
    this.#rebooted = true;
  }

  /** Nothing of this box runs for a while; then everything that waited does. */
  freeze(timeMs: number): void {
    if (!this.running) return;
    this.#note(`freezes for ${timeMs.toFixed(0)} ms`);
    this.#frozenUntil = Math.max(this.#frozenUntil, this.#world.now + timeMs);
    this.#world.after(this.#frozenUntil - this.#world.now, () => this.#thaw(), true);
  }

  get frozen(): boolean {
    return this.#world.now < this.#frozenUntil;
  }

  now(): InstantMs {
    return (this.#world.now * (1 + this.options.drift)) as InstantMs;
  }

  received(peer: BoxId, frame: Buffer): void {
    this.#later(0, () => this.member?.received(peer, frame));
  }

  linkUp(peer: BoxId): void {
    this.#later(0, () => this.member?.linkUp(peer));
  }

  linkDown(peer: BoxId, closedByPeer: boolean): void {
    this.#later(0, () => this.member?.linkDown(peer, closedByPeer));
  }

  /** A client's call: changes with `command`, reads with `key`. Not answered by a box that does not serve. */
  call(request: Command | number, stable: boolean, reply: (answer: Reply) => void): void {
    this.#later(0, () => {
      const { member } = this;
      if (member === undefined || !member.serving || !member.accepting) return;
      if (typeof request === 'number') this.#read(member, request, reply);
      else this.#change(member, request, stable, reply);
    });
  }

  #read(member: Member, key: number, reply: (answer: Reply) => void): void {
    const list = [...this.state.list(key)];
    this.#after(member, this.state.staged, () => reply({ kind: 'list', list }));
  }

  #change(member: Member, command: Command, stable: boolean, reply: (answer: Reply) => void): void {
    const known = this.state.replies.get(command.id);
    const position = known?.position ?? ((this.state.staged + 1) as Position);
    const value = known?.reply ?? this.state.execute(command, position, member.view);
    if (known === undefined) {
      const milliseconds = Math.floor(this.#world.now);
      member.propose({
        position,
        time: { seconds: Math.floor(milliseconds / 1000), nanoseconds: milliseconds % 1000 },
        stable,
        body: Buffer.from(JSON.stringify(command)),
        data: command.content === '' ? undefined : Buffer.from(command.content),
      });
      this.#later(0.01, () => this.logged.add(command.id));
    }
    this.#after(member, position, () => reply({ kind: 'done', value }));
  }

  #after(member: Member, position: Position, reply: () => void): void {
    if (this.options.replyBeforeBackup) reply();
    else member.afterCommit(position, reply);
  }

  #clock(): Clock {
    const rate = 1 + this.options.drift;
    const timer = (delayMs: number, run: () => void, again: boolean): Timer => {
      let open = true;
      const fire = (): void => {
        if (!open) return;
        if (again) this.#later(delayMs / rate, fire);
        run();
      };
      this.#later(delayMs / rate, fire);
      return {
        cancel: () => {
          open = false;
        },
      };
    };
    return {
      now: () => this.now(),
      wall: () => ({ seconds: Math.floor(this.#world.now / 1000), nanoseconds: 0 }),
      after: (delayMs, run) => timer(delayMs, run, false),
      every: (periodMs, run) => timer(periodMs, run, true),
    };
  }

  #checkpoint(): void {
    this.#later(CHECKPOINT_MS, () => {
      this.store.checkpoint();
      this.#checkpoint();
    });
  }

  /** Runs in the process that is there now, not before it thaws, in order. */
  #later(delayMs: number, run: () => void, settles = false): void {
    const process = this.#process;
    const attempt = (): void => {
      if (process !== this.#process) return;
      if (this.frozen || this.#held.length > 0) this.#held.push(run);
      else run();
    };
    this.#world.after(delayMs, attempt, settles);
  }

  /** Operations in the files that were set aside. */
  get aside(): readonly string[] {
    return this.disk.list('aside').flatMap((name) => {
      const lines = String(this.disk.read(`aside/${name}`))
        .trim()
        .split('\n');
      return lines.map((line) => {
        const { body } = JSON.parse(line) as { readonly body: string };
        return (JSON.parse(Buffer.from(body, 'base64').toString()) as Command).id;
      });
    });
  }

  #thaw(): void {
    while (!this.frozen && this.#held.length > 0) this.#held.shift()?.();
  }

  #broken(error: Error): void {
    this.#world.failure = error;
  }

  #note(text: string): void {
    this.#world.note(`${this.id}: ${text}`);
  }
}
