/**
 * What an earlier process may have done already: how a mirror call is to be taken (`Replay` in core/volume/backend.ts), and
 * where that is remembered.
 *
 * A backend with a mark of its own says exactly where its tree stands, also after a power cut. Of others the box's mark
 * says it after the end of a process; after a power cut the mark may be older than the tree, so that every call of a
 * view that the box had a part in may have been made.
 */
import type { Mark } from '../ports/mark.ts';
import type { Replay } from '../volume/backend.ts';
import type { Volume } from '../volume/volume.ts';
import type { Position, View } from './entry.ts';

export class Replays {
  readonly #rebooted: boolean;
  readonly #mark: Mark;
  /** By volume: where its tree stood when this process opened it. */
  readonly #stood = new Map<number, number>();
  /** By volume: the first entry mirrored behind that, which may have been under way when the process before ended. */
  readonly #inDoubt = new Map<number, number>();
  /** By volume: up to here its backend was told of all that its tree had, before anything was staged again. */
  readonly #foretold = new Map<number, number>();
  /** Everything up to here was mirrored by an earlier process, and committed therefore. */
  mirroredBefore: Position;
  /** What the log held when this process started: a process that ended had mirrored nothing behind it. */
  #loggedBefore = 0;
  /** The last view that this box had a part in before this process started, as far as it can tell. */
  #viewBefore: View;
  #isOver = false;

  constructor(rebooted: boolean, mark: Mark, view: View) {
    this.#rebooted = rebooted;
    this.#mark = mark;
    this.#viewBefore = view;
    this.mirroredBefore = mark.get() as Position;
  }

  /** What was foretold may be put into the store only as a whole. */
  get foretoldTo(): number {
    return Math.max(0, ...this.#foretold.values());
  }

  opened({ record, backend }: Volume): void {
    if (this.#isOver) backend.replayed?.();
    const { mark } = backend;
    const stood = mark?.before;
    if (stood === undefined || (this.#rebooted && !mark?.isOrdered)) return;
    this.#stood.set(record.id, stood);
    if (stood > this.mirroredBefore) this.mirroredBefore = stood as Position;
  }

  /** This box's own log, up to `last`, is about to be staged again. */
  begin(last: Position): void {
    this.#isOver = false;
    this.#loggedBefore = last;
    if (this.mirroredBefore <= last) return;
    // A power cut took the end of the log.
    this.mirroredBefore = last;
    this.#mark.set(last);
  }

  saw(view: View): void {
    if (view > this.#viewBefore) this.#viewBefore = view;
  }

  /** Whether the volume's tree has what was mirrored at `position`; then its backend is told now, and not later. */
  foretells({ record }: Volume, position: number): boolean {
    if (!this.#rebooted || position > (this.#stood.get(record.id) ?? 0)) return false;
    this.#foretold.set(record.id, position);
    return true;
  }

  isForetold({ record }: Volume, position: number): boolean {
    return position <= (this.#foretold.get(record.id) ?? 0);
  }

  /** @param isWhole The entry has no other mirror call. */
  replayOf({ record, backend }: Volume, position: number, view: View, isWhole: boolean): Replay {
    if (!backend.abilities.persistent) return 'fresh';
    const stood = this.#stood.get(record.id);
    if (this.#rebooted && stood === undefined) return view <= this.#viewBefore ? 'maybe' : 'fresh';
    if (position <= (stood ?? this.mirroredBefore)) return 'done';
    if (position > this.#loggedBefore && !this.#rebooted) return 'fresh';
    const known = this.#inDoubt.get(record.id);
    if (known === undefined) this.#inDoubt.set(record.id, position);
    if (position !== (known ?? position)) return 'fresh';
    return known === undefined && isWhole ? 'last' : 'maybe';
  }

  /** All mirror calls of the entry at `position` are made. */
  mirrored({ record, backend }: Volume, position: number): void {
    const { mark } = backend;
    if (mark === undefined) {
      if (position > this.mirroredBefore) this.#mark.set(position);
    } else if (position > (this.#stood.get(record.id) ?? 0)) {
      mark.set(position);
    }
  }

  /** Tells the backends when everything that an earlier process may have told them is behind `mirrored`. */
  endAt(mirrored: Position, view: View, volumes: Iterable<Volume>): void {
    if (this.#isOver || mirrored < this.#loggedBefore) return;
    if (this.#rebooted && view <= this.#viewBefore) return;
    this.#isOver = true;
    for (const volume of volumes) volume.backend.replayed?.();
  }
}
