/** What a group's log drives: volumes, exports, addresses. Implemented by core/group/state.ts; the log knows no more. */
import type { Entry, Position, View } from './entry.ts';

export interface StateMachine {
  /** Everything up to here is folded into the store, and its mirror calls were made. */
  readonly applied: Position;
  /** Of that, what survives a power cut: nothing before this needs the log. 0 until that is known. */
  readonly secured: Position;
  /** View of the entry at `applied`, kept in the same row as it; 0 before the first. */
  readonly appliedView: View;
  /** The last staged position; `applied` when nothing is staged. */
  readonly staged: Position;
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
   * What is staged from here on, up to `last` or the next `discard`, comes from this box's own log: content that a
   * backend kept is not written twice.
   */
  restaging(last: Position): void;
  /**
   * After a power cut, before its own log is staged again: an entry there whose bulk bytes stand in the backend or
   * nowhere. What is staged before it leaves them alone.
   */
  foresee(entry: Entry): void;
  /** Takes note of an entry that is applied already: retransmissions of its call find its reply. */
  recall(entry: Entry): void;
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
  /** The bytes of an extent as they are now: fewer at the end of the file, none when it is gone. */
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
