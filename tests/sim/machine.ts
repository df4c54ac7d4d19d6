/** What a box of the simulation runs beside its member: a state machine, and what clients may ask of it. */
import type { BoxId } from '#core/group/entry.ts';
import type { Link } from '#core/group/link.ts';
import type { Member } from '#core/group/member.ts';
import type { StateMachine } from '#core/group/state-machine.ts';
import type { Clock } from '#core/ports/clock.ts';
import type { Disk } from '#core/ports/disk.ts';
import type { Random } from '#core/ports/random.ts';

/** A rule broken on purpose: the checkers must see it. */
export type Broken =
  /** Answers before the backup has the entry. */
  | 'reply-before-backup'
  /** A backup forgets the replies that entries carry. */
  | 'forget-replies'
  /** Content that discarded entries wrote is not fetched again. */
  | 'skip-refetch'
  /** COMMIT says done and syncs nothing. */
  | 'skip-sync'
  /** Backups leave one entry in a hundred out of their catalogs. */
  | 'skip-rows';

/** Thrown where a process ends in the middle of what it does; caught by its box. */
export class ProcessEnds extends Error {}

/** One process, as its machine sees it: everything that it begins ends with it. */
export interface Host {
  readonly id: BoxId;
  readonly members: readonly BoxId[];
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: Disk;
  /** Frames beside the group's own. */
  readonly link: Link;
  readonly broken: Broken | undefined;
  /** The machine was started anew since the process before. */
  readonly rebooted: boolean;
  /** What a power cut took is made good: the next process need not know of it. */
  madeGood(): void;
  now(): number;
  /** Promises that this event resolves are settled before the next event. */
  settle(): void;
  later(delayMs: number, run: () => void): void;
  between(low: number, high: number): number;
  below(below: number): number;
  /** Content is about to be written, or was: throws `ProcessEnds` where the process is to end here. */
  torn(): void;
  /** The box made an operation and has it in its log. */
  logged(id: string): void;
  note(text: string): void;
  /** Something broke where no event could throw it. */
  fail(error: Error): void;
}

export interface Machine {
  readonly state: StateMachine;
  /** The member that drives `state` is made and not started yet. */
  attach(member: Member): void;
  /** Puts away what waits; true when everything staged is in the store. */
  rests(): boolean;
  /** The operation that an entry carries, if any. */
  idOf(body: Buffer): string | undefined;
}

/** What outlives the processes of a box. */
export interface Keeper<M extends Machine> {
  /** A new process. */
  start(host: Host): M;
  /** The process has ended within a call: what that still does while it unwinds reaches nothing. */
  torn?(): void;
  /** All that was not synced may be gone. */
  powerCut(host: Pick<Host, 'between' | 'below'>): void;
}

export interface SimClient {
  /** All its calls are answered. */
  readonly done: boolean;
  start(): void;
}
