/** One box: a disk and a keeper that outlive its processes, and the process that runs, with its member and its clock. */

import type { BoxId } from '#core/group/entry.ts';
import { CHANNEL, type Channel, type Link, type LinkHandler } from '#core/group/link.ts';
import type { LogOptions } from '#core/group/log.ts';
import { Member } from '#core/group/member.ts';
import { SILENT } from '#core/log-line.ts';
import type { Clock, InstantMs, Timer } from '#core/ports/clock.ts';
import type { Random } from '#core/ports/random.ts';
import type { Register } from './arbiter.ts';
import { SimDisk } from './disk.ts';
import { type Broken, type Host, type Keeper, type Machine, ProcessEnds } from './machine.ts';
import type { Endpoint, Net } from './net.ts';
import type { World } from './world.ts';

export interface BoxOptions {
  readonly id: BoxId;
  readonly members: readonly BoxId[];
  /** How much faster than true time its clock runs: a few in a thousand. */
  readonly drift: number;
  readonly broken: Broken | undefined;
  readonly log: LogOptions;
  /** Seconds that the box's wall clock is ahead of true time at some instant of it; 0 where it is missing. */
  readonly wallAhead?: ((nowMs: number) => number) | undefined;
}

const SYNC_MS: readonly [number, number] = [0.2, 6];

export class Box<M extends Machine> implements Endpoint {
  readonly id: BoxId;
  readonly options: BoxOptions;
  readonly #world: World;
  readonly #net: Net;
  readonly #register: Register;
  readonly #keeper: Keeper<M>;
  readonly disk: SimDisk;
  member: Member | undefined;
  /** Of the process that runs, or ran last. */
  machine: M;
  /** What the process does with frames that are not the group's. */
  #handlers = new Map<Channel, LinkHandler>();
  readonly #up = new Set<BoxId>();
  /** Counts the processes: what one of them waits for does not reach the next. */
  #process = 0;
  #frozenUntil = 0;
  /** What came while it was frozen, in order. */
  #held: (() => void)[] = [];
  #rebooted = false;
  /** Writes of content, counted before and after, until the process ends in the middle of one; 0: it does not. */
  tearsIn = 0;
  /** Not in what a promise goes on with: whoever waits for that would hear that it failed. */
  #isInEvent = false;
  /** Called when it has. */
  onTorn: () => void = () => {};
  running = false;
  /** Operations that this box made and has in its log: no power cut, and they are never thrown away. */
  readonly logged = new Set<string>();

  constructor(options: BoxOptions, keeper: Keeper<M>, world: World, net: Net, register: Register) {
    this.id = options.id;
    this.options = options;
    this.#keeper = keeper;
    this.#world = world;
    this.#net = net;
    this.#register = register;
    this.disk = new SimDisk((done) => this.#later(world.between(...SYNC_MS), done, true));
    this.machine = keeper.start(this.#host());
  }

  start(): void {
    this.running = true;
    this.#process += 1;
    const process = this.#process;
    this.#handlers = new Map();
    this.machine = this.#keeper.start(this.#host());
    const { id, members, log } = this.options;
    const founder = members[0] === id;
    this.member = new Member(
      {
        self: id,
        members,
        founder,
        mayHaveLostTail: false,
        mayHaveLostContent: this.#rebooted,
        log,
      },
      {
        disk: this.disk,
        clock: this.#clock(),
        random: this.#random(),
        arbiter: this.#register.arbiterOf(id, (run) => {
          if (process === this.#process) this.#later(0, run, true);
        }),
        state: this.machine.state,
        report: {
          ...SILENT,
          error: (text, fields) => this.#note(`${text} ${JSON.stringify(fields ?? {})}`),
        },
        transport: {
          send: (peer, parts) => {
            if (process === this.#process) this.#net.send(id, peer, parts, CHANNEL.group);
          },
        },
        defer: (run) => this.#later(0, run),
      },
    );
    this.machine.attach(this.member);
    this.member.onServing((serving) => this.#note(serving ? 'serves' : 'does not serve'));
    this.member.start().catch((error: Error) => this.#broken(error));
    this.#net.started(id);
  }

  /** The process ends. `power`: with the machine, and all that was not synced. */
  crash(power: boolean): void {
    if (!this.running) return;
    this.#note(power ? 'loses power' : 'is killed');
    this.running = false;
    this.disk.isDeaf = false;
    this.tearsIn = 0;
    this.#process += 1;
    this.#frozenUntil = 0;
    this.#held = [];
    this.member = undefined;
    this.#up.clear();
    this.#net.stopped(this.id, !power);
    if (!power) return;
    this.disk.powerCut(() => this.#world.between(0, 1));
    this.#keeper.powerCut(this.#host());
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

  received(peer: BoxId, frame: Buffer, channel: Channel): void {
    const receive = (): void => {
      if (channel === CHANNEL.group) this.member?.received(peer, frame);
      else this.#handlers.get(channel)?.frame?.(peer, frame);
    };
    // A sync that finds nothing to do is done without any event of its own.
    this.#later(0, receive, true);
  }

  linkUp(peer: BoxId): void {
    this.#later(0, () => {
      this.#up.add(peer);
      this.member?.linkUp(peer);
      for (const handler of this.#handlers.values()) handler.up?.(peer);
    });
  }

  linkDown(peer: BoxId, closedByPeer: boolean): void {
    const down = (): void => {
      this.#up.delete(peer);
      this.member?.linkDown(peer, closedByPeer);
      for (const handler of this.#handlers.values()) handler.down?.(peer, closedByPeer);
    };
    this.#later(0, down, true);
  }

  /** A client's call. Not heard by a box that does not serve. */
  call(run: (machine: M) => void): void {
    this.#later(0, () => {
      const { member } = this;
      if (member?.serving && member.accepting) run(this.machine);
    });
  }

  /** The process that is there now, as its machine sees it. */
  #host(): Host {
    const process = this.#process;
    const world = this.#world;
    const { id, members, broken } = this.options;
    return {
      id,
      members,
      broken,
      clock: this.#clock(),
      random: this.#random(),
      disk: this.disk,
      link: this.#link(process),
      rebooted: this.#rebooted,
      madeGood: () => {
        if (process === this.#process) this.#rebooted = false;
      },
      now: () => world.now,
      settle: () => {
        world.unsettled = true;
      },
      later: (delayMs, run) => {
        if (process === this.#process) this.#later(delayMs, run);
      },
      between: (low, high) => world.between(low, high),
      below: (below) => world.random.below(below),
      torn: () => {
        if (process === this.#process) this.#tear();
      },
      logged: (operation) => this.logged.add(operation),
      note: (text) => this.#note(text),
      fail: (error) => {
        if (process === this.#process) this.#broken(error);
      },
    };
  }

  #link(process: number): Link {
    const { id, members } = this.options;
    return {
      self: id,
      peers: members.filter((member) => member !== id),
      isUp: (peer) => this.#up.has(peer),
      send: (peer, channel, parts) => {
        if (process === this.#process) this.#net.send(id, peer, parts, channel);
      },
      isWhole: () => true,
      queuedSize: () => 0,
      handle: (channel, handler) => this.#handlers.set(channel, handler),
    };
  }

  #random(): Random {
    const { random } = this.#world;
    return {
      bytes: (size) => Buffer.alloc(size, random.below(256)),
      u32: () => random.below(0xffff_ffff),
    };
  }

  #clock(): Clock {
    const process = this.#process;
    const rate = 1 + this.options.drift;
    const timer = (delayMs: number, run: () => void, again: boolean): Timer => {
      let open = true;
      const fire = (): void => {
        if (!open || process !== this.#process) return;
        if (again) this.#later(delayMs / rate, fire);
        run();
      };
      if (process === this.#process) this.#later(delayMs / rate, fire);
      return {
        cancel: () => {
          open = false;
        },
      };
    };
    return {
      now: () => this.now(),
      wall: () => {
        const { now } = this.#world;
        const ahead = this.options.wallAhead?.(now) ?? 0;
        return { seconds: Math.floor(now / 1000) + ahead, nanoseconds: 0 };
      },
      after: (delayMs, run) => timer(delayMs, run, false),
      every: (periodMs, run) => timer(periodMs, run, true),
    };
  }

  /** Runs in the process that is there now, not before it thaws, in order. */
  #later(delayMs: number, run: () => void, settles = false): void {
    const process = this.#process;
    const attempt = (): void => {
      if (process !== this.#process) return;
      if (this.frozen || this.#held.length > 0) this.#held.push(run);
      else this.#run(run);
    };
    this.#world.after(delayMs, attempt, settles);
  }

  #run(run: () => void): void {
    this.#isInEvent = true;
    try {
      run();
    } catch (error) {
      if (!(error instanceof ProcessEnds)) throw error;
      this.crash(false);
      this.onTorn();
    } finally {
      this.#isInEvent = false;
    }
  }

  #tear(): void {
    if (this.tearsIn === 0 || !this.#isInEvent) return;
    this.tearsIn -= 1;
    if (this.tearsIn > 0) return;
    this.disk.isDeaf = true;
    this.#keeper.torn?.();
    throw new ProcessEnds('the process ends here');
  }

  /** Operations in the files that were set aside. */
  get aside(): readonly string[] {
    return this.disk.list('aside').flatMap((name) => {
      const lines = String(this.disk.read(`aside/${name}`))
        .trim()
        .split('\n');
      return lines.flatMap((line) => {
        const { body } = JSON.parse(line) as { readonly body: string };
        return this.machine.idOf(Buffer.from(body, 'base64')) ?? [];
      });
    });
  }

  #thaw(): void {
    while (!this.frozen && this.#held.length > 0) this.#run(this.#held.shift() as () => void);
  }

  #broken(error: Error): void {
    this.#world.failure = error;
  }

  #note(text: string): void {
    this.#world.note(`${this.id}: ${text}`);
  }
}
