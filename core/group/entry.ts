/** One record of the group's log. What its body means is the business of core/group/state.ts. */
import type { Brand } from '../brand.ts';
import type { Time } from '../ports/clock.ts';

/** The number of an entry; the first is 1, 0 is before all. */
export type Position = Brand<number, 'Position'>;
/** The group's configuration number; 0 is before the first. */
export type View = Brand<number, 'View'>;
/** A box's name, unique in its cluster: 1 to 32 of a-z, 0-9 and hyphen. */
export type BoxId = Brand<string, 'BoxId'>;

export interface Entry {
  readonly position: Position;
  /** The view it was made in. */
  readonly view: View;
  /** What was committed when it was made: everything that staging it may rely on. */
  readonly commit: Position;
  readonly time: Time;
  /** Whether its commit waits until every in-sync box has it (and all before it) synced to disk. */
  readonly stable: boolean;
  /** Changes and reply record. */
  readonly body: Buffer;
  /**
   * Bulk bytes of a write, beside the body. A box whose backend keeps what it is given does not log them:
   * read back from such a log, `data` is `undefined` and `dataSize` still says how many there were.
   */
  readonly data: Buffer | undefined;
  readonly dataSize: number;
}
