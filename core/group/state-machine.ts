/** What a group's log drives: volumes, exports, addresses. Implemented by core/group/state.ts; the log knows no more. */
import type { Entry, Position, View } from './entry.ts';

export interface StateMachine {
  /** Everything up to here is folded into the store, and its mirror calls were made. */
  readonly applied: Position;
  /** What survives a power cut, backends included: nothing up to here needs the log. 0 until that is known. */
  readonly secured: Position;
  /** Up to here the log is kept for other boxes only: of this one every backend has what it says. */
  readonly spare: Position;
  /** View of the entry at `applied`, kept in the same row as it; 0 before the first. */
  readonly appliedView: View;
  /** The last staged position; `applied` when nothing is staged. */
  readonly staged: Position;
  /**
   * Up to here backends have what they keep, names and contents, whatever the power did; after it was cut, until
   * `caughtUp`, as it was when that happened. `undefined` where they keep nothing.
   */
  readonly followed: Position | undefined;
  /** At the start: what may have been written for entries that are not in the log. */
  readonly unlogged: readonly Extent[];
  /** All that is staged is in the log. */
  logged(): void;
  /**
   * Takes the next entry (position `staged + 1`) into the overlay and writes its content. Throws `BackendError`
   * when this box cannot hold it: the box must then leave the group.
   */
  stage(entry: Entry): void;
  /** Folds everything staged up to `position` into the store and mirrors it. */
  commit(position: Position): void;
  /** Forgets everything staged and not committed. Content it wrote stays until it is fetched again. */
  discard(): void;
  /**
   * At the start of a box: stages what its log holds behind what is applied, brings the backends in line with it, and
   * remembers the replies of what is applied, so that retransmissions find them. Throws `BackendError`.
   */
  restage(log: LoggedEntries): void;
  /** This box has what the group has, committed, or is to serve as it is: what a power cut left behind is over. */
  caughtUp(log: LoggedEntries): void;
  /**
   * Whether the bulk bytes of an entry must stand in this box's log (some backend here does not keep them). Asked
   * before the entry and those just ahead of it are staged: true for a volume that is not known yet.
   */
  logsData(entry: Entry): boolean;
  /** Resolves when everything staged so far survives a power cut, content included. */
  checkpoint(): Promise<void>;
  /** The bulk bytes of an entry whose log record has none, read from the backend as they are now. */
  content(entry: Entry): Buffer;
  /** What staging this entry may have written, to be fetched again if it is discarded. */
  extents(entry: Entry): readonly Extent[];
  /**
   * The bytes of an extent as they are now: fewer at the end of the file, none when it is gone. Extents that other boxes
   * ask for have at most FETCH_SIZE_MAX bytes, those of entries as many as the entry brings.
   */
  contentOf(extent: Extent): Buffer;
  /** Overwrites what a discarded entry may have left behind. Not an error where the file is not known here. */
  putContent(extent: Extent, data: Buffer): void;
}

export interface Extent {
  readonly volume: number;
  readonly file: number;
  readonly offset: number;
  readonly size: number;
}

/** A box's own log, as it was found at the start. */
export interface LoggedEntries {
  readonly first: Position;
  readonly last: Position;
  /** Known to be committed: not less than what is applied. */
  readonly commit: Position;
  /** Visits the entries from `from` to `to`, both included, in order. Throws `DiskError` where the log is damaged. */
  each(from: Position, to: Position, visit: (entry: Entry) => void): void;
}
