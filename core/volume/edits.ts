/**
 * What a log says of a file's bytes after a power cut, when the file itself holds anything of what was not synced.
 *
 * Read backwards, each byte belongs to the newest edit that reached it. Where that edit's bytes stand in the log they are
 * written again; where they do not, they were UNSTABLE: a COMMIT has synced them, or the client sends them once
 * more. So nothing older ever comes to lie over something newer, whatever of it the disk has.
 */
import type { FileId } from '../vfs/inode.ts';

/** `put` fills the bytes from `offset` on; `cut` ends the file at `size`, or fills it up with zeros. */
export type Edit =
  | {
      readonly kind: 'put';
      readonly file: FileId;
      readonly offset: number;
      readonly size: number;
    }
  | { readonly kind: 'cut'; readonly file: FileId; readonly size: number };

export interface LoggedEdit {
  readonly position: number;
  readonly edit: Edit;
  /** Whether the log has the bytes. */
  readonly isLogged: boolean;
}

/** Bytes from `from` up to, and not with, `to`; of an end that is nowhere, Infinity. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface Rewriting {
  /** Parts of the file that are zeros, whatever stands there. */
  readonly zeros: readonly Range[];
  /** By the position of the put that has them: parts of the file to write from the log. */
  readonly puts: ReadonlyMap<number, readonly Range[]>;
}

/** @param edits Of one file, in the order of the log. */
export function rewritingOf(edits: readonly LoggedEdit[]): Rewriting {
  const covered = new Ranges();
  const zeros: Range[] = [];
  const puts = new Map<number, readonly Range[]>();
  for (const { position, edit, isLogged } of edits.toReversed()) {
    if (edit.kind === 'cut') {
      zeros.push(...covered.add({ from: edit.size, to: Infinity }));
      continue;
    }
    const parts = covered.add({ from: edit.offset, to: edit.offset + edit.size });
    if (isLogged && parts.length > 0) puts.set(position, parts);
  }
  return { zeros, puts };
}

/** A set of ranges, in order; none touch. */
class Ranges {
  readonly #ranges: Range[] = [];

  /** Returns what of the range was not in the set before. */
  add(range: Range): Range[] {
    const start = this.#firstEndingFrom(range.from);
    const fresh: Range[] = [];
    let { from, to } = range;
    let at = range.from;
    let end = start;
    for (; end < this.#ranges.length; end += 1) {
      const known = this.#ranges[end] as Range;
      if (known.from > range.to) break;
      if (known.from > at) fresh.push({ from: at, to: known.from });
      at = Math.max(at, known.to);
      from = Math.min(from, known.from);
      to = Math.max(to, known.to);
    }
    if (at < range.to) fresh.push({ from: at, to: range.to });
    this.#ranges.splice(start, end - start, { from, to });
    return fresh;
  }

  #firstEndingFrom(from: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle] as Range).to < from) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
